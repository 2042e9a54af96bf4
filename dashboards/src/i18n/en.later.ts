// The texts of pages that are loaded when asked for, in English. The keys are those of vi.later.ts.
import { enCommunes } from "./en.communes";
import { enForward } from "./en.forward";
import { enOfficers } from "./en.officers";
import { enPages } from "./en.pages";
import { enTrends } from "./en.trends";
import type { LaterKey } from "./vi.later";

export const enLater: Record<LaterKey, string> = { ...enTrends, ...enPages, ...enOfficers, ...enForward, ...enCommunes };
