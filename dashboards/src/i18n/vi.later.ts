// The texts of pages that are loaded when asked for, in Vietnamese. later.ts adds them to those of the first load.
import { viCommunes } from "./vi.communes";
import { viForward } from "./vi.forward";
import { viOfficers } from "./vi.officers";
import { viPages } from "./vi.pages";
import { viTrends } from "./vi.trends";

export const viLater = { ...viTrends, ...viPages, ...viOfficers, ...viForward, ...viCommunes } as const;

export type LaterKey = keyof typeof viLater;
