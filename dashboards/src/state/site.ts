// The one line that says how a site is, in words, from what the store knows. Read it in a render: it follows the store.
import { computed } from "@preact/signals";
import type { Site } from "../api/types";
import { count, local, t } from "../i18n";
import { moment, span } from "../i18n/format";
import { showLimitFigure } from "../i18n/units";
import { absenceText } from "../ui/Value";
import type { Status } from "../ui/StatusMark";
import { now } from "./clock";
import { connection } from "./connection";
import type { Standing } from "./freshness";
import { type PointEntry, store } from "./store";
import { type PointFact, type SiteSummary, beyondLimit, deviceFact, summarise } from "./summary";

export interface SiteLine {
  status: Status;
  text: string;
  /** "từ hôm nay 08:10", where the text does not say it already. */
  since: string | null;
}

export function summaryOf(site: Site): SiteSummary {
  const facts = store.pointsOf(site.id).map<PointFact>((entry) => {
    const point = entry.point.peek();
    const standing = entry.standing.value;
    return { name: point.name, device: point.device, standing, beyond: beyondLimit(point.limit, standing) };
  });
  const { state, since } = connection.value;
  return summarise(site, facts, [...(store.alarms.value?.values() ?? [])], state === "lost" ? since : null);
}

/** Since when nothing of the whole commune is heard, epoch ms; `null` while anything is, or never was. */
export const silentSince = computed(() => deviceFact(standingsOf(store.points.value.values())).since);

function* standingsOf(entries: Iterable<PointEntry>): Generator<Standing> {
  for (const { standing } of entries) yield standing.value;
}

export function summaryLine(site: Site, summary: SiteSummary = summaryOf(site)): SiteLine {
  const at = (ms: number) => moment(ms, now.value);
  switch (summary.kind) {
    case "unknown":
      return { status: "calm", text: t("site.state.unknown", { time: at(summary.since) }), since: null };
    case "alarm":
      return {
        status: summary.priority,
        text: count("site.state.alarm", summary.count),
        since: t("time.since", { time: at(summary.since) }),
      };
    case "silent": {
      const forHow = span(now.value - summary.since);
      const [only] = summary.devices;
      const text =
        summary.devices.length === 1 && only !== undefined
          ? t("site.state.silent", { what: deviceName(only), span: forHow })
          : count("site.state.silentSome", summary.devices.length).replace("{span}", forHow);
      return { status: "silent", text, since: null };
    }
    case "partly":
      return partlyLine(summary.points);
    case "no_data":
      return { status: "calm", text: t("site.state.no_data"), since: null };
    case "normal":
      return { status: "well", text: t("site.state.normal"), since: null };
  }
}

function partlyLine(points: readonly PointFact[]): SiteLine {
  const first = points[0];
  const absent = first?.standing.kind === "silent" || first?.standing.kind === "lacking";
  const status: Status = absent ? "silent" : first?.standing.kind === "fail" ? "fail" : "doubtful";
  const text =
    points.length === 1 && first !== undefined
      ? t("site.state.partly", { what: local(first.name), words: words(first) })
      : many(points.map(({ name }) => local(name)));
  return { status, text, since: null };
}

/** So many names say where to look first; a whole site's are in its list. */
const NAMED = 3;
function many(names: readonly string[]): string {
  const more = names.length - NAMED;
  return t(more > 0 ? "site.state.partlyMore" : "site.state.partlyMany", { n: names.length, what: names.slice(0, NAMED).join(", "), more });
}

function words({ standing, beyond }: PointFact): string {
  if (beyond !== null) {
    return t(beyond.side === "min" ? "value.limit.under" : "value.limit.over", { limit: showLimitFigure(beyond.figure) });
  }
  if (standing.kind === "suspect" || standing.kind === "fail" || standing.kind === "calibrating") return t(`value.${standing.kind}`);
  return absenceText(standing, now.value);
}

/** A device's own name; until it is known, the last part of its id. */
export function deviceName(id: string): string {
  return local(store.devices.value.get(id)?.name) || (id.split("/").at(-1) ?? id);
}
