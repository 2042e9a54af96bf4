// The moving bar: where a value lies. Track, allowed band, today's least and greatest, the value as a tick,
// the nearer limit with its figure. The same bar on cards, in tables and on the wall.
import type { Point } from "../api/types";
import { t } from "../i18n";
import { showLimitFigure, showText, unitSign } from "../i18n/units";
import { type Standing, isStale } from "../state/freshness";
import { barGeometry } from "./bar";
import "./MovingBar.css";

export interface MovingBarProps {
  point: Pick<Point, "unit" | "decimals" | "quantity" | "range" | "limit">;
  standing: Standing;
  today: { min: number; max: number } | null;
}

/** What a share can be, where the point has no range of its own. */
const SHARE = { min: 0, max: 100 };

const percent = (fraction: number) => `${(100 * fraction).toFixed(2)}%`;

export function MovingBar({ point, standing, today }: MovingBarProps) {
  const stale = isStale(standing.kind);
  const bar = barGeometry({ value: standing.value, range: point.range ?? (point.unit === "%" ? SHARE : null), limit: point.limit, today });
  if (bar === null) return null;
  const text = (value: number) => showText(value, point);
  const label = [
    standing.value === null || stale
      ? t("bar.unknown")
      : t("bar.label", { value: text(standing.value), low: text(bar.low), high: text(bar.high) }),
    ...(point.limit === null ? [] : [t("bar.allowed", { band: limitText(point.limit) })]),
    ...(today === null ? [] : [t("bar.today", { min: text(today.min), max: text(today.max) })]),
  ].join(", ");
  return (
    <div class={`bar${bar.exceeded && !stale ? " bar-exceeded" : ""}${stale ? " bar-stale" : ""}`} role="img" aria-label={label}>
      <svg class={stale ? "bar-track hatched" : "bar-track"} width="100%" height="16" aria-hidden="true">
        <line class="bar-base" x1="0" x2="100%" y1="8" y2="8" />
        {bar.allowed !== null && (
          <rect class="bar-allowed" x={percent(bar.allowed.from)} width={percent(bar.allowed.to - bar.allowed.from)} y="4" height="8" />
        )}
        {bar.today !== null && (
          <line class="bar-today" x1={percent(bar.today.from)} x2={percent(bar.today.to)} y1="8" y2="8" />
        )}
        {bar.nearer !== null && (
          <line class="bar-limit" x1={percent(bar.nearer.at)} x2={percent(bar.nearer.at)} y1="1" y2="15" />
        )}
        {bar.tick !== null && (
          // The tick stays whole at either end: its centre keeps two pixels away from the edge.
          <svg x={percent(bar.tick)} overflow="visible" class="bar-tick">
            {bar.beyond === 0 ? (
              <rect x={bar.tick > 0.98 ? -4 : bar.tick < 0.02 ? 0 : -2} width="4" y="0" height="16" rx="1" />
            ) : (
              <path d={bar.beyond > 0 ? "M-8 1 0 8-8 15z" : "M8 1 0 8 8 15z"} />
            )}
          </svg>
        )}
      </svg>
      {bar.nearer !== null && (
        <span class="bar-figure figures" style={{ left: `clamp(1.25rem, ${percent(bar.nearer.at)}, calc(100% - 1.25rem))` }} aria-hidden="true">
          {t(bar.nearer.side === "max" ? "limit.atMost" : "limit.atLeast", { value: showLimitFigure(bar.nearer.figure) })}
        </span>
      )}
    </div>
  );
}

/** "≤ 2 NTU": the limit with its unit, as it stands alone in a sentence. */
export function limitWithUnit(limit: { min: number | null; max: number | null }, unit: string): string {
  const sign = limit.min == null && limit.max == null ? "" : unitSign(unit);
  return sign === "" ? limitText(limit) : `${limitText(limit)}\u00a0${sign}`;
}

/** "≤ 2", "≥ 0,2" or "6 – 8,5". */
export function limitText(limit: { min: number | null; max: number | null }): string {
  const min = limit.min == null ? null : showLimitFigure(limit.min);
  const max = limit.max == null ? null : showLimitFigure(limit.max);
  if (min !== null && max !== null) return t("limit.between", { min, max });
  if (max !== null) return t("limit.atMost", { value: max });
  return min === null ? t("limit.noFigure") : t("limit.atLeast", { value: min });
}
