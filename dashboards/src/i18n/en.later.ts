// The texts of pages that are loaded when asked for, in English. The keys are those of vi.later.ts.
import { enAlerts } from "./en.alerts";
import { enAnnouncement } from "./en.announcement";
import { enCommunes } from "./en.communes";
import { enEveryday } from "./en.everyday";
import { enForward } from "./en.forward";
import { enNotices } from "./en.notices";
import { enOfficers } from "./en.officers";
import { enOwn } from "./en.own";
import { enPages } from "./en.pages";
import { enTerms } from "./en.terms";
import { enTrends } from "./en.trends";
import type { LaterKey } from "./vi.later";

export const enLater: Record<LaterKey, string> = { ...enAlerts, ...enAnnouncement, ...enEveryday, ...enNotices, ...enOwn, ...enTrends, ...enPages, ...enOfficers, ...enForward, ...enCommunes, ...enTerms };
