// Calls of the notices' page, and of the links in messages. The rest of the calls are in calls.ts.
import { hub, unwrap } from "./client";
import type { components } from "./schema.gen";

type Wire<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type NoticeMessage = Wire<"NoticeMessage">;
export type NoticeChannel = Wire<"NoticeChannel">;
export type Duty = Wire<"Duty">;
export type LinkedAlarm = Wire<"LinkedAlarm">;
export type MessageState = NoticeMessage["state"];

export interface MessageFilter {
  state?: MessageState;
  channel?: string;
  before?: number;
  limit: number;
}

export const getMessages = (filter: MessageFilter) => unwrap(hub.GET("/api/v1/notices", { params: { query: filter } })) as Promise<NoticeMessage[]>;
export const getChannels = () => unwrap(hub.GET("/api/v1/notices/channels")) as Promise<NoticeChannel[]>;
export const getDuty = () => unwrap(hub.GET("/api/v1/notices/duty")) as Promise<Duty[]>;
export const testChannel = (id: string, to: string) =>
  unwrap(hub.POST("/api/v1/notices/channels/{id}/test", { params: { path: { id } }, body: to === "" ? {} : { to } })) as Promise<Wire<"ChannelTest">>;

export const lookAtLink = (token: string) => unwrap(hub.POST("/api/v1/links/look", { body: { token } })) as Promise<LinkedAlarm>;

/** Acknowledges by a link: as whoever is logged in, or by the link alone where the hub allows it. */
export function acknowledgeByLink(token: string, comment: string, asSession: boolean): Promise<LinkedAlarm> {
  const body = comment === "" ? { token } : { token, comment };
  const call = asSession ? hub.POST("/api/v1/links/acknowledge/session", { body }) : hub.POST("/api/v1/links/acknowledge", { body });
  return unwrap(call) as Promise<LinkedAlarm>;
}
