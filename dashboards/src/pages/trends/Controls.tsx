// What is looked at and when: points, period, steps and zoom by button, comparison, and the ways out of the page.
import { useSignal } from "@preact/signals";
import type { Point } from "../../api/types";
import { local, t } from "../../i18n";
import { clockTime, dayCode, dayDate, dayStart, momentCode, parseDayCode } from "../../i18n/format";
import { setQuery } from "../../lib/router";
import { hubNow } from "../../state/clock";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { CalendarField } from "../../ui/CalendarField";
import { DayField } from "../../ui/DayField";
import { SelectField } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { ExportDialogue } from "./ExportDialogue";
import type { Loaded } from "./load";
import { DAY_MS, type Period, SPAN_NAMES, stepped, zoomed } from "./period";
import { Picker } from "./Picker";
import { type TrendView, compareCode, parseCompare } from "./view";

export interface ControlsProps {
  view: TrendView;
  points: readonly Point[];
  all: readonly Point[];
  loaded: Loaded | null;
  panels: { current: HTMLDivElement | null };
  onZoom: (from: number, to: number) => void;
}

export function Controls({ view, points, all, loaded, panels, onZoom }: ControlsProps) {
  const open = useSignal<"points" | "export" | null>(null);
  const close = () => (open.value = null);
  return (
    <>
      <p class="print-only">{periodText(view.period)}</p>
      <div class="trends-controls no-print">
        <div class="trends-first">
          <Button kind="main" onClick={() => (open.value = "points")}>
            {t("trends.choose")}
          </Button>
          <PeriodChoice period={view.period} onZoom={onZoom} />
        </div>
        <p class="small muted figures">{periodText(view.period)}</p>
        {/* On a phone the lines come first: days, comparison and export are one tap away. */}
        <details class="trends-more" open={matchMedia("(min-width: 900px)").matches}>
          <summary>{t("trends.more")}</summary>
          <div class="trends-fields">
            <DayChoice period={view.period} />
            <CompareChoice view={view} points={points} all={all} />
            <Button aria-disabled={loaded === null ? "true" : undefined} onClick={() => loaded !== null && (open.value = "export")}>
              {t("trends.export")}
            </Button>
            <Button onClick={() => print()}>{t("trends.print")}</Button>
          </div>
        </details>
        {open.value === "points" && <Picker chosen={view.points} all={all} onClose={close} />}
        {open.value === "export" && loaded !== null && <ExportDialogue loaded={loaded} panels={panels} onClose={close} />}
      </div>
    </>
  );
}

const periodText = ({ from, to }: Period) => `${dayDate(from)} ${clockTime(from)} – ${dayDate(to)} ${clockTime(to)}`;

function PeriodChoice({ period, onZoom }: { period: Period; onZoom: (from: number, to: number) => void }) {
  const go = ({ from, to }: { from: number; to: number }) => onZoom(from, to);
  const steps = [
    { key: "trends.earlier", icon: "left", wish: stepped(period, -1) },
    { key: "trends.later", icon: "right", wish: stepped(period, 1) },
    { key: "trends.zoomIn", icon: "plus", wish: zoomed(period, 0.5) },
    { key: "trends.zoomOut", icon: "minus", wish: zoomed(period, 2) },
  ] as const;
  return (
    <>
      <div class="trends-spans" role="group" aria-label={t("trends.period")}>
        {SPAN_NAMES.map((name) => (
          <button
            key={name}
            type="button"
            class="trends-span"
            aria-pressed={period.span === name}
            onClick={() => setQuery({ r: name, from: null, to: null }, { step: true })}
          >
            {t(`trends.span.${name}`)}
          </button>
        ))}
      </div>
      <div class="trends-steps">
        {steps.map(({ key, icon, wish }) => (
          <Button key={key} aria-label={t(key)} title={t(key)} onClick={() => go(wish)}>
            <Icon name={icon} />
          </Button>
        ))}
      </div>
    </>
  );
}

function DayChoice({ period }: { period: Period }) {
  const lastDay = dayStart(period.to - 1);
  const whole = period.from === dayStart(period.from) && (period.to === dayStart(period.to) || lastDay === dayStart(hubNow()));
  return (
    <>
      <CalendarField
        days={{ from: whole ? dayCode(period.from) : "", last: dayCode(lastDay) }}
        onDays={({ from, last }) => setQuery({ r: null, from, to: endOf(last) }, { step: true })}
      />
      <DayField
        label={t("trends.from")}
        code={dayCode(period.from)}
        onDay={(code) => setQuery({ r: null, from: code, to: endOf(dayCode(Math.max(lastDay, parseDayCode(code) ?? 0))) }, { step: true })}
      />
      <DayField
        label={t("trends.to")}
        code={dayCode(lastDay)}
        onDay={(code) => setQuery({ r: null, from: dayCode(Math.min(period.from, parseDayCode(code) ?? period.from)), to: endOf(code) }, { step: true })}
      />
    </>
  );
}

/** The end of a day, or the present minute where it is not over. */
function endOf(code: string): string | null {
  const start = parseDayCode(code);
  if (start === null) return null;
  const end = dayStart(start + 1.5 * DAY_MS);
  return end > hubNow() ? momentCode(Math.ceil(hubNow() / 60_000) * 60_000) : momentCode(end);
}

const EARLIER = ["previous", "day", "week", "year"] as const;

function CompareChoice({ view, points, all }: { view: TrendView; points: readonly Point[]; all: readonly Point[] }) {
  const code = compareCode(view.compare) ?? "";
  const own = new Set(points.map((point) => point.site));
  const quantities = new Set(points.map((point) => point.quantity));
  const others = (store.sites.value ?? []).filter(
    (site) => !own.has(site.id) && all.some((point) => point.site === site.id && quantities.has(point.quantity)),
  );
  const { compare } = view;
  const lacks = compare.kind === "site" && !all.some((point) => point.site === compare.site && quantities.has(point.quantity));
  return (
    <SelectField
      label={t("trends.compare")}
      value={code}
      fault={lacks ? t("trends.compare.noLike", { site: compare.kind === "site" ? compare.site : "" }) : null}
      onChange={(event) => setQuery({ cmp: compareCode(parseCompare(event.currentTarget.value)) })}
    >
      <option value="">{t("trends.compare.none")}</option>
      {EARLIER.map((kind) => (
        <option key={kind} value={kind} selected={code === kind}>
          {t(`trends.compare.${kind}`)}
        </option>
      ))}
      {others.map((site) => (
        <option key={site.id} value={`site:${site.id}`} selected={code === `site:${site.id}`}>
          {local(site.name)}
        </option>
      ))}
    </SelectField>
  );
}
