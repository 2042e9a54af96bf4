// Calls about what the loudspeakers may say of an alarm. The rest of the calls are in calls.ts.
import { hub, unwrap } from "./client";
import type { Announcement } from "./types";

export const getAnnouncement = (id: number) =>
  unwrap(hub.GET("/api/v1/alarms/{id}/announcement", { params: { path: { id } } })) as Promise<Announcement>;
export const reviewAnnouncement = (id: number, text: string) =>
  unwrap(hub.POST("/api/v1/alarms/{id}/announcement", { params: { path: { id } }, body: { text } })) as Promise<Announcement>;
