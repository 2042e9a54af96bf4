// Calls of the integrators' pages of rules. The rest of the calls are in calls.ts.
import { HubError, hub, refusal, unwrap } from "./client";
import type { Backtest, CasesRun, DeletedRule, OldRuleText, Problem, Rule, RuleChecked, RuleText, RuleVersion, SavedRule } from "./types";

const of = (rule: string) => ({ params: { path: { rule } } });

export const getRules = () => unwrap(hub.GET("/api/v1/rules")) as Promise<Rule[]>;
export const getRule = (rule: string) => unwrap(hub.GET("/api/v1/rules/{rule}", of(rule))) as Promise<RuleText>;
export const getRuleVersion = (rule: string, id: number) =>
  unwrap(hub.GET("/api/v1/rules/{rule}/versions/{id}", { params: { path: { rule, id } } })) as Promise<OldRuleText>;
export const getRuleVersions = (rule: string) => unwrap(hub.GET("/api/v1/rules/{rule}/versions", of(rule))) as Promise<RuleVersion[]>;
export const checkRule = (rule: string, source: string) =>
  unwrap(hub.POST("/api/v1/rules/{rule}/check", { ...of(rule), body: { source } })) as Promise<RuleChecked>;
export const runCases = (rule: string, source: string, cases: string) =>
  unwrap(hub.POST("/api/v1/rules/{rule}/cases", { ...of(rule), body: { source, cases } })) as Promise<CasesRun>;

export interface RuleDraft {
  source: string;
  cases: string;
}
export const saveRule = (rule: string, draft: RuleDraft, why: string, revision: string | null) =>
  unwrap(hub.PUT("/api/v1/rules/{rule}", { ...of(rule), body: { ...draft, why, revision } })) as Promise<SavedRule>;
export const switchRule = (rule: string, on: boolean, why: string, revision: string) =>
  unwrap(hub.POST("/api/v1/rules/{rule}/switch", { ...of(rule), body: { on, why, revision } })) as Promise<SavedRule>;

export const deleteRule = (rule: string, why: string, revision: string) =>
  unwrap(hub.POST("/api/v1/rules/{rule}/delete", { ...of(rule), body: { why, revision } })) as Promise<DeletedRule>;

export interface BacktestWish {
  rule: string;
  source: string;
  /** Epoch ms. */
  from: number;
  to: number;
  /** The share that is done, 0 to 1. */
  onProgress: (share: number) => void;
  /** Ends it, at the hub too. */
  stop: AbortSignal;
}

/** Takes a text through stored readings; what it would have done, beside the text in force. */
export async function backtest({ rule, source, from, to, onProgress, stop }: BacktestWish): Promise<Backtest> {
  const answer = await fetch(`/api/v1/rules/${encodeURIComponent(rule)}/backtest`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ from, to, source }),
    signal: stop,
  });
  if (!answer.ok || answer.body === null) throw refusal((await answer.json().catch(() => ({}))) as Partial<Problem>, answer.status);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new HubError(0, "unreachable");
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const [, name = "", data = ""] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? [];
      if (name === "progress") onProgress(Number(data));
      if (name === "result") return JSON.parse(data) as Backtest;
      if (name === "problem") throw refusal(JSON.parse(data) as Partial<Problem>, 0);
    }
  }
}

