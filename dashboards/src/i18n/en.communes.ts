// Texts of a province's page of communes, in English.
import type { viCommunes } from "./vi.communes";

export const enCommunes: Record<keyof typeof viCommunes, string> = {
  "communes.title": "Communes",
  "communes.help":
    "Each row is a commune: its state, its alarms, and how new its data are. Those that need somebody come first. Tap a name for its sites. Acknowledging is left to the commune.",
  "communes.search": "Find a commune",
  "communes.at": "Boundaries as of",
  "communes.commune": "Commune",
  "communes.state": "State",
  "communes.arrived": "Data of the last 24 h",
  "communes.heard": "Newest data",
  "communes.well": "well",
  "communes.silent": "no new data",
  "communes.ofLimited": "{outside} of {limited} points",
  "communes.elsewhere": "Not in any listed unit",
  "communes.stale": "The engine cannot be read just now; what was read {time} is shown.",
  "communes.unread": "The engine that holds the communes' data cannot be read yet.",
  "communes.none": "No commune yet",
  "communes.noneHint": "Communes appear here once their hubs begin to send data.",
  "communes.count.one": "{n} commune",
  "communes.count.other": "{n} communes",
};
