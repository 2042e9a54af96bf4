// Calls of the page of what arrives over MQTT. The rest of the calls are in calls.ts.
import { hub, unwrap } from "./client";
import type { components } from "./schema.gen";

type Wire<Name extends keyof components["schemas"]> = Required<components["schemas"][Name]>;

export type MqttLink = Wire<"MqttLink">;
export type LoginRefusals = Wire<"LoginRefusals">;
export type MqttDoor = Omit<Wire<"MqttDoor">, "links" | "refusals"> & { links: MqttLink[]; refusals: LoginRefusals[] };
export type MqttArrival = Wire<"MqttArrival">;
export type UnknownTopic = Wire<"UnknownTopic">;
export type PayloadSample = Wire<"PayloadSample">;
export type PointProposal = Wire<"PointProposal">;

export const getDoor = () => unwrap(hub.GET("/api/v1/mqtt")) as Promise<MqttDoor>;
export const getArrivals = (after: number) =>
  unwrap(hub.GET("/api/v1/mqtt/arrivals", { params: { query: { after } } })) as Promise<{ last: number; messages: MqttArrival[] }>;
export const getUnknown = () => unwrap(hub.GET("/api/v1/mqtt/unknown")) as Promise<UnknownTopic[]>;
export const propose = (topic: string, sample: PayloadSample) =>
  unwrap(hub.POST("/api/v1/mqtt/proposal", { body: { topic, payload: sample.text, is_hex: sample.is_hex } })) as Promise<PointProposal[]>;
