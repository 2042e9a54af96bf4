// Texts of the forwarding card and of older data, in English.
import type { viForward } from "./vi.forward";

export const enForward: Record<keyof typeof viForward, string> = {
  "forward.title": "Data sent onwards",
  "forward.well": "sending",
  "forward.failing": "cannot send",
  "forward.catchingUp": "catching up",
  "forward.allSent": "All has been sent.",
  "forward.kept": "The data are kept here and sent as soon as the connection is back.",
  "forward.lag": "{span} behind",
  "forward.owed": "Still to be sent, from {since} on",
  "forward.arrived": "Last arrival:",
  "forward.never": "Nothing has arrived since the start",
  "forward.refused.one": "{n} line was refused by the receiver and set aside",
  "forward.refused.other": "{n} lines were refused by the receiver and set aside",
  "forward.sent": "{lines} lines, {size} MB sent since the start",
  "forward.reason": "Cause (for the integrator)",
  "older.read": "Data before {since} are no longer kept here; they are read from the archive of the province.",
  "older.unreachable": "Data before {since} cannot be read from the archive of the province just now. Gaps before that do not mean that nothing was measured.",
};
