// What a change would do before it is saved: the figures in words, and the values before and after as two lines.
import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CalibrationPreview, Point } from "../../api/types";
import { t } from "../../i18n";
import { formatNumber, showText } from "../../i18n/units";
import "./Records.css";

/** A form that is being filled in changes with every key: it is asked for once it has been still for so long. */
const STILL_MS = 400;

export type Tried<T> = { state: "nothing" | "asking" | "failed"; result: null } | { state: "known"; result: T };

/** What `ask` answers for the wish that `key` stands for; an empty key asks for nothing. */
export function useEffectOf<T>(key: string, ask: () => Promise<T>): Signal<Tried<T>> {
  const tried = useSignal<Tried<T>>({ state: "nothing", result: null });
  useEffect(() => {
    if (key === "") {
      tried.value = { state: "nothing", result: null };
      return;
    }
    let stopped = false;
    tried.value = { state: "asking", result: null };
    const timer = setTimeout(() => {
      ask().then(
        (result) => !stopped && (tried.value = { state: "known", result }),
        () => !stopped && (tried.value = { state: "failed", result: null }),
      );
    }, STILL_MS);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [key]);
  return tried;
}

/** The frame around an effect: it stands from the start, so that the form does not jump. */
export function EffectFrame<T>({ tried, children }: { tried: Tried<T>; children: (result: T) => preact.ComponentChildren }) {
  return (
    <section class="effect panel" aria-label={t("records.effect")} aria-live="polite">
      <h3>{t("records.effect")}</h3>
      {tried.state === "known" ? children(tried.result) : <p class="small muted">{t(`records.effect.${tried.state}`)}</p>}
    </section>
  );
}

export function CalibrationEffect({ preview, point }: { preview: CalibrationPreview; point: Point }) {
  if (preview.mean_before === null || preview.mean_after === null) return <p class="small">{t("records.effect.noReadings")}</p>;
  const n = formatNumber(preview.readings, 0);
  const text = (value: number) => showText(value, point);
  return (
    <>
      <p>
        {t(preview.is_partial ? "records.effect.calibrationPart" : "records.effect.calibration", { n, changed: formatNumber(preview.changed, 0) })}
      </p>
      <p class="figures">
        {t("trends.stat.mean")}: {text(preview.mean_before)} → <strong>{text(preview.mean_after)}</strong>
      </p>
      <BeforeAfter t={preview.t} before={preview.before} after={preview.after} />
      <p class="small muted">{t("records.rawStays")}</p>
    </>
  );
}

const WIDTH = 400;
const HEIGHT = 90;

/** Two lines: dashed as it is, drawn through as it would be. The words above say the same. */
function BeforeAfter({ t: moments, before, after }: { t: readonly number[]; before: readonly number[]; after: readonly number[] }) {
  const all = [...before, ...after];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [first, last] = [moments[0] ?? 0, moments.at(-1) ?? 1];
  if (moments.length < 2 || low === high) return null;
  const path = (values: readonly number[]) =>
    values
      .map((value, index) => {
        const x = ((moments[index] ?? first) - first) / (last - first);
        return `${index === 0 ? "M" : "L"}${(WIDTH * x).toFixed(1)} ${(HEIGHT - 4 - ((HEIGHT - 8) * (value - low)) / (high - low)).toFixed(1)}`;
      })
      .join("");
  return (
    <figure>
      <svg class="effect-lines" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width="100%" height={HEIGHT} preserveAspectRatio="none" aria-hidden="true">
        <path class="effect-before" d={path(before)} />
        <path class="effect-after" d={path(after)} />
      </svg>
      <figcaption class="small muted row">
        <Key line="before" text={t("records.effect.before")} />
        <Key line="after" text={t("records.effect.after")} />
      </figcaption>
    </figure>
  );
}

function Key({ line, text }: { line: "before" | "after"; text: string }) {
  return (
    <span class="row">
      <svg class="effect-lines" viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
        <path class={`effect-${line}`} d="M0 4h24" />
      </svg>
      {text}
    </span>
  );
}
