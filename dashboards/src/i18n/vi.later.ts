// The texts of pages that are loaded when asked for, in Vietnamese. later.ts adds them to those of the first load.
import { viAlerts } from "./vi.alerts";
import { viAnnouncement } from "./vi.announcement";
import { viCommunes } from "./vi.communes";
import { viEveryday } from "./vi.everyday";
import { viForward } from "./vi.forward";
import { viNotices } from "./vi.notices";
import { viOfficers } from "./vi.officers";
import { viOwn } from "./vi.own";
import { viPages } from "./vi.pages";
import { viTerms } from "./vi.terms";
import { viTrends } from "./vi.trends";

export const viLater = { ...viAlerts, ...viAnnouncement, ...viEveryday, ...viNotices, ...viOwn, ...viTrends, ...viPages, ...viOfficers, ...viForward, ...viCommunes, ...viTerms } as const;

export type LaterKey = keyof typeof viLater;
