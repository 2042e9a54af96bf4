// A water station as the water goes: intake, treatment, tank, network, each with its values. Where a value belongs follows
// from the configuration: what the point measures, and "raw" or "intake" in its id for water that is not treated yet.
import type { Point } from "../api/types";
import { pointName, t } from "../i18n";
import type { PointEntry } from "../state/store";
import { isStale } from "../state/freshness";
import { beyondLimit } from "../state/summary";
import { keyPoints } from "../ui/SiteCard";
import { Value } from "../ui/Value";
import "./ProcessSketch.css";

export const STAGES = ["intake", "treatment", "tank", "network"] as const;
export type Stage = (typeof STAGES)[number];

/** More values at one place are no sketch any more. */
const MOST = 8;

const TANK = new Set(["level", "fill_level"]);
const NETWORK = new Set(["flow", "pressure", "volume", "pump_state"]);
const TREATMENT = new Set(["ph", "turbidity", "colour", "free_chlorine", "conductivity", "tds", "temperature", "dissolved_oxygen", "orp", "ammonium", "nitrate", "cod", "bod", "tss"]);

/** `null` for what says little of the water itself, such as a meter's voltage: it stays in the list below. */
export function stageOf({ id, quantity }: Pick<Point, "id" | "quantity">): Stage | null {
  const usual = TANK.has(quantity) ? "tank" : NETWORK.has(quantity) ? "network" : TREATMENT.has(quantity) ? "treatment" : null;
  if (usual === null) return null;
  if (/(^|[-_/])(raw|intake|source)([-_/]|$)/.test(id.split("/").slice(1).join("/"))) return "intake";
  return usual;
}

export function ProcessSketch({ entries }: { entries: readonly PointEntry[] }) {
  const stages = STAGES.map((stage) => ({ stage, entries: entries.filter((entry) => stageOf(entry.point.peek()) === stage) }));
  return (
    <ol class="process panel">
      {stages.map(({ stage, entries: own }, index) => (
        <li key={stage} class="process-stage">
          {index > 0 && <Pipe />}
          <Picture stage={stage} fill={stage === "tank" ? fillOf(own) : null} />
          <h3 class="process-name">{t(`process.${stage}`)}</h3>
          {own.length === 0 ? (
            <p class="small muted">{t("process.nothing")}</p>
          ) : (
            <dl class="process-values">
              {keyPoints(own, MOST).map((entry) => (
                <StageValue key={entry.id} entry={entry} />
              ))}
            </dl>
          )}
          {own.length > MOST && (
            <a class="small" href="#site-points">
              {t("now.morePoints", { n: own.length })}
            </a>
          )}
        </li>
      ))}
    </ol>
  );
}

function StageValue({ entry }: { entry: PointEntry }) {
  const point = entry.point.value;
  const standing = entry.standing.value;
  const beyond = beyondLimit(point.limit, standing);
  return (
    <div class={beyond === null ? "process-value" : "process-value process-beyond"}>
      <dt class="small muted">{pointName(point)}</dt>
      <dd>
        {beyond !== null && <span aria-hidden="true">{beyond.side === "max" ? "▲ " : "▼ "}</span>}
        <Value standing={standing} point={point} brief />
      </dd>
    </div>
  );
}

/** How full the tank is, 0 to 1, where its level and the range of it are known. */
function fillOf(entries: readonly PointEntry[]): number | null {
  for (const entry of entries) {
    const { range } = entry.point.value;
    const { kind, value } = entry.standing.value;
    if (value === null || isStale(kind) || range?.max == null) continue;
    const low = range.min ?? 0;
    return Math.min(1, Math.max(0, (value - low) / (range.max - low || 1)));
  }
  return null;
}

function Pipe() {
  return (
    <svg class="process-pipe" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <path d="M2 12h18M14 6l6 6-6 6" />
    </svg>
  );
}

const OUTLINES: Record<Stage, string> = {
  intake: "M4 30c6-5 12-5 18 0s12 5 18 0 12-5 18 0 M4 40c6-5 12-5 18 0s12 5 18 0 12-5 18 0 M32 4v18 M24 14l8 8 8-8",
  treatment: "M10 6h44v40H10z M10 18h44 M18 26h.1 M30 26h.1 M42 26h.1 M24 34h.1 M36 34h.1 M48 34h.1",
  tank: "M12 6v40h40V6",
  network: "M4 26h20 M24 26V12h16v14 M24 26v14h16V26 M40 26h20 M52 26v12",
};

function Picture({ stage, fill }: { stage: Stage; fill: number | null }) {
  return (
    <svg class="process-picture" viewBox="0 0 64 52" width="64" height="52" aria-hidden="true">
      {fill !== null && <rect class="process-water" x="13" width="38" y={46 - 38 * fill} height={38 * fill} />}
      <path d={OUTLINES[stage]} />
    </svg>
  );
}
