// Calls of the accounts' pages. The rest of the calls are in calls.ts.
import { hub, unwrap } from "./client";
import type { MadeToken, OpenSession, Role, Token, User } from "./types";

/** The hub asks each change for this, as a guard, also where the call has no body. */
const JSON_TYPE = { "Content-Type": "application/json" };

export const getUsers = () => unwrap(hub.GET("/api/v1/users")) as Promise<User[]>;
export const addUser = (name: string, role: Role, password: string) => unwrap(hub.POST("/api/v1/users", { body: { name, role, password } }));
export const changeUser = (name: string, change: { role?: Role; password?: string }) =>
  unwrap(hub.PATCH("/api/v1/users/{name}", { params: { path: { name } }, body: change }));
export const removeUser = (name: string) =>
  unwrap(hub.DELETE("/api/v1/users/{name}", { params: { path: { name } }, headers: JSON_TYPE }));

export const getTokens = () => unwrap(hub.GET("/api/v1/tokens")) as Promise<Token[]>;
export const addToken = (name: string, role: Role) => unwrap(hub.POST("/api/v1/tokens", { body: { name, role } })) as Promise<MadeToken>;
export const revokeToken = (name: string) =>
  unwrap(hub.DELETE("/api/v1/tokens/{name}", { params: { path: { name } }, headers: JSON_TYPE }));

export const getOpenSessions = () => unwrap(hub.GET("/api/v1/sessions")) as Promise<OpenSession[]>;
export const endSession = (id: string) =>
  unwrap(hub.DELETE("/api/v1/sessions/{id}", { params: { path: { id } }, headers: JSON_TYPE }));
export const changePassword = (current: string, password: string) =>
  unwrap(hub.POST("/api/v1/session/password", { body: { current, password } }));

export const setUp = (code: string, username: string, password: string) =>
  unwrap(hub.POST("/api/v1/setup", { body: { code, username, password } }));
export const showDisplay = (token: string) => unwrap(hub.POST("/api/v1/session/display", { body: { token } }));
