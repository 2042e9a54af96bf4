// One point in a list: name, value, bar, spark, age and what is wrong with it. The same on a card and in a site's table;
// how much stands side by side depends on the width of the list.
import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { pointName, t } from "../i18n";
import { isCounter, isState } from "../i18n/units";
import { useNear } from "../lib/near";
import type { DayView } from "../state/day";
import { type Standing, isStale } from "../state/freshness";
import type { PointEntry } from "../state/store";
import { dayOf } from "../state/day";
import type { Point } from "../api/types";
import { Age } from "./Age";
import { MovingBar, limitWithUnit } from "./MovingBar";
import { Spark } from "./Spark";
import { StatusMark } from "./StatusMark";
import { Value } from "./Value";
import "./PointRow.css";

/** Out of sight only what changes a value's meaning is drawn: a site may have hundreds of points, with a reading each second. */
export function PointRow({ entry, brief = false, told = false, withLimit = false }: { entry: PointEntry; brief?: boolean; told?: boolean; withLimit?: boolean }) {
  const row = useRef<HTMLLIElement>(null);
  const isNear = useNear(row, true).value;
  const kind = useComputed(() => entry.standing.value.kind);
  void kind.value;
  const point = isNear ? entry.point.value : entry.point.peek();
  const standing = isNear ? entry.standing.value : entry.standing.peek();
  return <PointRowView row={row} still={!isNear} point={point} standing={standing} day={dayOf(entry.id)} brief={brief} told={told} withLimit={withLimit} />;
}

export interface PointRowViewProps {
  point: Point;
  standing: Standing;
  day: DayView | undefined;
  /** On a card: an absent value goes without bar and reason, the site's page has them. */
  brief?: boolean;
  /** Whether it is said near by already that its device is silent. */
  told?: boolean;
  /** Whether the whole limit and its regulation are written out, as on a site's page. */
  withLimit?: boolean;
  /** Whether its age is not counted on. */
  still?: boolean;
  row?: RefObject<HTMLLIElement | null>;
}

export function PointRowView({ point, standing, day, brief = false, told = false, withLimit = false, still = false, row }: PointRowViewProps) {
  const shortened = brief && isStale(standing.kind);
  const hasBar = !isState(point) && !isCounter(point.quantity) && !shortened;
  return (
    <li {...(row === undefined ? {} : { ref: row })} class="point-row" data-point={point.id} data-standing={standing.kind}>
      <span class="point-name">
        {pointName(point)}
        {withLimit && point.limit !== null && (
          <span class="point-limit small muted figures">
            {t("alarm.limit").toLowerCase()} {limitWithUnit(point.limit, point.unit)} · <span class="point-regulation">{point.limit.regulation}</span>
            {point.limit.status === "unverified" && ` · ${t("limit.unverified")}`}
          </span>
        )}
      </span>
      <span class="point-value">
        {point.alarm !== null && standing.kind === "good" && standing.value !== 0 && <StatusMark status={point.alarm.priority} word={null} />}
        <Value standing={standing} point={point} withReason={!shortened} brief={told} />
        {standing.kind === "good" && day?.direction != null && hasBar && <Direction direction={day.direction} />}
      </span>
      <span class="point-bar">
        {hasBar && <MovingBar point={point} standing={standing} today={withPresent(day?.today ?? null, standing)} />}
      </span>
      <span class="point-spark">{day !== undefined && !isState(point) && <Spark values={day.spark} point={point} />}</span>
      <span class="point-age">{standing.at !== null && !shortened && <Age at={standing.at} still={still} />}</span>
    </li>
  );
}

/** Today's ends, stretched by the value that has come since they were fetched. */
function withPresent(today: DayView["today"], standing: Standing): DayView["today"] {
  if (today === null || standing.value === null || isStale(standing.kind) || standing.kind === "fail") return today;
  return { min: Math.min(today.min, standing.value), max: Math.max(today.max, standing.value) };
}

const ARROWS = { rising: "M4 12 12 4M6 4h6v6", falling: "M4 4l8 8M12 6v6H6", steady: "M2 8h11M9 4l4 4-4 4" };

function Direction({ direction }: { direction: NonNullable<DayView["direction"]> }) {
  return (
    <svg class="point-direction" viewBox="0 0 16 16" width="14" height="14" role="img" aria-label={t(`value.${direction}`)}>
      <path d={ARROWS[direction]} />
    </svg>
  );
}
