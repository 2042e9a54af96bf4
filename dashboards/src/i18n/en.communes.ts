// Texts of a province's page of communes, in English.
import type { viCommunes } from "./vi.communes";

export const enCommunes: Record<keyof typeof viCommunes, string> = {
  "communes.title": "Communes",
  "communes.help":
    "Each row is a commune: how it is, its alarms, and how new its data are. Those that need somebody come first. Tap a name for its sites. Acknowledging is the commune's own.",
  "communes.search": "Find a commune",
  "communes.at": "Boundaries as of",
  "communes.commune": "Commune",
  "communes.state": "State",
  "communes.alarms": "Alarms",
  "communes.outside": "Beyond limits",
  "communes.arrived": "Data of the last 24 h",
  "communes.heard": "Newest data",
  "communes.never": "no data yet",
  "communes.well": "well",
  "communes.silent": "no new data",
  "communes.ofLimited": "{outside} of {limited} points",
  "communes.elsewhere": "Within nothing that is listed",
  "communes.stale": "The engine cannot be read just now; what was read at {time} is shown.",
  "communes.unread": "The engine that holds the communes' data cannot be read yet.",
  "communes.none": "No commune yet",
  "communes.noneHint": "Communes appear here once their hubs begin to send data.",
  "communes.count.one": "{n} commune",
  "communes.count.other": "{n} communes",
};
