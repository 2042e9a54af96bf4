// The messages that are shown: the newest first, bounded, filtered. No call is made here.
import type { MqttArrival } from "../../api/mqtt";

export const SHOWS = ["all", "fed", "unfed", "unreadable"] as const;
export type Show = (typeof SHOWS)[number];

/** As many as the hub keeps. */
const MOST = 500;

/** What was shown with what has come since; the newest first. After a restart the hub counts anew, so `fresh` stands alone. */
export function joined(held: readonly MqttArrival[], fresh: readonly MqttArrival[]): readonly MqttArrival[] {
  if (fresh.length === 0) return held;
  const newest = [...fresh].reverse();
  const since = newest[newest.length - 1]?.number ?? 0;
  return [...newest, ...held.filter((message) => message.number < since)].slice(0, MOST);
}

/** Whether a message is of the kind that is asked for and holds the text somewhere. */
export function isShown(message: MqttArrival, show: Show, text: string): boolean {
  const isOfKind =
    show === "all" ||
    (show === "fed" && message.fate === "fed") ||
    (show === "unfed" && message.fate !== "fed" && message.fate !== "status") ||
    (show === "unreadable" && message.fate === "unreadable");
  const wanted = text.trim().toLowerCase();
  return isOfKind && (wanted === "" || [message.topic, message.from, ...message.points].some((each) => each.toLowerCase().includes(wanted)));
}
