// Texts of the hub's watch on itself, in English.
import type { viOwn } from "./vi.own";

export const enOwn: Record<keyof typeof viOwn, string> = {
  "own.short": "Disk, clock, memory, backups and rules",
  "own.help":
    "The hub watches itself once a minute, and raises alarms as for any other site. This page shows the newest figures and the alarm rules that are at fault.",
  "own.figures": "Present state",
  "own.rules": "Rules at fault",
  "own.rulesWell": "All alarm rules work.",
  "own.yes": "Yes",
  "own.no": "No",
  "own.notYet": "No figure yet",
};
