// What somebody writes and has not saved, kept by this browser until it is: a closed tab or an ended session loses nothing.
import type { RuleDraft } from "../../api/rules";

export interface KeptDraft extends RuleDraft {
  /** The revision that it was made from; `null` for a new rule. */
  revision: string | null;
}

const key = (rule: string) => `commune.rule.${rule}`;

export function recallDraft(rule: string): KeptDraft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key(rule)) ?? "null") as Partial<KeptDraft> | null;
    if (typeof kept?.source !== "string" || typeof kept.cases !== "string") return null;
    return { source: kept.source, cases: kept.cases, revision: kept.revision ?? null };
  } catch {
    return null;
  }
}

/** Keeps the draft, or forgets it with `null`. */
export function keepDraft(rule: string, draft: KeptDraft | null): void {
  try {
    if (draft === null) localStorage.removeItem(key(rule));
    else localStorage.setItem(key(rule), JSON.stringify(draft));
  } catch {
    // Only the memory of it is missing; the text is on the page.
  }
}

/** What a new rule begins with. */
export const template = (rule: string) => `// What the rule is for, and why its figures are so.
fn rule() { #{
    title: #{ vi: "${rule}", en: "${rule}" },
    priority: "medium",                         // low | medium | high | critical
    watches: #{ quantity: "turbidity" },        // or site_kind, site, device, point
    on_delay: "10m", off_delay: "5m",
    on_missing: "hold",                         // hold | clear | raise
    runbook: #{ vi: "Việc cần làm.", en: "What to do." },
} }

fn active(p)  { p.value > p.limit.max }
fn message(p) { #{ vi: \`\${text_vi(p.value, 2)} \${p.unit}\`, en: \`\${text(p.value, 2)} \${p.unit}\` } }
`;

export const casesTemplate = `[[case]]
name = "above the limit for longer than the delay raises"
limit = { max = 2 }
readings = [{ at = "0s", until = "20m", every = "1m", value = 3 }]
alarms = [{ raised = "10m" }]
`;
