// Which line is which, and what each was at the moment under the pointer.
import type { Signal } from "@preact/signals";
import { t } from "../../i18n";
import { clockTime, dayDate } from "../../i18n/format";
import { setQuery } from "../../lib/router";
import type { Line } from "./columns";
import { LineMark } from "./Panel";
import { lineName, valueAt } from "./Trends";
import type { TrendView } from "./view";

export function Legend({ lines, pointed, view }: { lines: readonly Line[]; pointed: Signal<number | null>; view: TrendView }) {
  const at = pointed.value;
  return (
    <div class="trends-legend">
      <p class="trends-moment small muted figures">{at === null ? "\u00a0" : `${dayDate(at)} ${clockTime(at)}`}</p>
      <ul>
        {lines.map((line) => {
          const name = lineName(line);
          return (
            <li key={`${line.point.id} ${line.compared}`} class="trends-legend-line">
              <LineMark colour={line.colour} compared={line.compared} />
              <span>{name}</span>
              {!line.compared && view.points.length > 1 && (
                <button
                  type="button"
                  class="trends-remove no-print"
                  aria-label={t("trends.remove", { name })}
                  onClick={() => setQuery({ p: view.points.filter((id) => id !== line.point.id) })}
                >
                  <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
                    <path d="M3 3l10 10M13 3 3 13" />
                  </svg>
                </button>
              )}
              {at !== null && <strong class="trends-at figures">{valueAt(line, at) ?? t("trends.stat.noData")}</strong>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
