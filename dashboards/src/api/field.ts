// Calls of the integrators' pages of buses and devices. The rest of the calls are in calls.ts.
import { hub, unwrap } from "./client";
import type { components } from "./schema.gen";

type Wire<Name extends keyof components["schemas"]> = Required<components["schemas"][Name]>;

export type BusDevice = Wire<"BusDevice">;
export type BusFault = Wire<"BusFault">;
export type Bus = Omit<Wire<"Bus">, "devices" | "last_error"> & { devices: BusDevice[]; last_error: BusFault | null };
export type Frame = Wire<"Frame">;

export const getBuses = () => unwrap(hub.GET("/api/v1/buses")) as Promise<Bus[]>;
export const getFrames = (bus: string) => unwrap(hub.GET("/api/v1/buses/{bus}/frames", { params: { path: { bus } } })) as Promise<Frame[]>;
