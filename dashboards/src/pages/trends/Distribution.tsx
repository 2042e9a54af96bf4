// How often which value was, and for how much of the time it was above a level. Drawn as SVG, told in words as well.
import { useSignal } from "@preact/signals";
import { pointName, t } from "../../i18n";
import { formatNumber, isCounter, isState, showText } from "../../i18n/units";
import { SelectField } from "../../ui/Field";
import { type Line, gapMs } from "./columns";
import { type Weighted, durationCurve, histogram, weightedBuckets } from "./statistics";
import { lineName } from "./Trends";

export interface DistributionProps {
  lines: readonly Line[];
  /** Every reading of a line where they are few. */
  valuesOf: (line: Line) => readonly Weighted[] | null;
}

const WIDTH = 480;
const HEIGHT = 160;

export function Distribution({ lines, valuesOf }: DistributionProps) {
  const amounts = lines.filter(({ point, buckets }) => !isState(point) && !isCounter(point.quantity) && buckets.t.length > 0);
  const wanted = useSignal<string | null>(null);
  const line = amounts.find(({ point }) => point.id === wanted.value) ?? amounts[0];
  if (line === undefined) return null;
  const values = valuesOf(line) ?? weightedBuckets({ ...line, widthMs: Math.max(line.widthMs, gapMs(line) / 2.5) });
  return (
    <section class="stack-tight trends-distribution" aria-labelledby="trends-distribution">
      <div class="row row-ends">
        <h2 id="trends-distribution">{t("trends.distribution")}</h2>
        {amounts.length > 1 && (
          <div class="no-print">
            <SelectField label={t("trends.distribution.of")} value={line.point.id} onChange={(event) => (wanted.value = event.currentTarget.value)}>
              {amounts.map((each) => (
                <option key={each.point.id} value={each.point.id} selected={each === line}>
                  {lineName(each)}
                </option>
              ))}
            </SelectField>
          </div>
        )}
      </div>
      <p class="small muted">{lineName(line)}</p>
      <div class="trends-pair">
        <Histogram line={line} values={values} />
        <Duration line={line} values={values} />
      </div>
    </section>
  );
}

const share = (fraction: number) => t("trends.share", { n: formatNumber(100 * fraction, fraction < 0.1 && fraction > 0 ? 1 : 0) });

function Histogram({ line, values }: { line: Line; values: readonly Weighted[] }) {
  const bins = histogram(values);
  const most = bins.reduce((a, b) => (b.share > a.share ? b : a), bins[0] ?? { low: 0, high: 0, share: 0 });
  const text = (value: number) => showText(value, line.point);
  const words = t("trends.histogram.label", { name: pointName(line.point), low: text(most.low), high: text(most.high), share: share(most.share) });
  const step = WIDTH / Math.max(1, bins.length);
  return (
    <figure class="panel trends-figure">
      <figcaption class="small">{t("trends.histogram")}</figcaption>
      <svg class={`series-${line.colour}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
        {bins.map((bin, index) => {
          const height = (HEIGHT * bin.share) / (most.share || 1);
          return <rect key={bin.low} class="trends-bin" x={index * step + 0.5} width={Math.max(1, step - 1)} y={HEIGHT - height} height={height} />;
        })}
        <line class="trends-base" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
      </svg>
      <Ticks texts={[text(bins[0]?.low ?? 0), text(bins.at(-1)?.high ?? 0)]} />
      <p class="small muted figures">{words}</p>
    </figure>
  );
}

function Duration({ line, values }: { line: Line; values: readonly Weighted[] }) {
  const curve = durationCurve(values);
  const { limit } = line.point;
  const level = limit?.max ?? limit?.min ?? null;
  const low = Math.min(curve.at(-1)?.value ?? 0, level ?? Infinity);
  const high = Math.max(curve[0]?.value ?? 1, level ?? -Infinity);
  const y = (value: number) => 4 + (HEIGHT - 8) * (1 - (value - low) / (high - low || 1));
  const text = (value: number) => showText(value, line.point);
  const total = values.reduce((sum, { forMs }) => sum + forMs, 0);
  const above = (value: number) => values.reduce((sum, each) => sum + (each.value > value ? each.forMs : 0), 0) / (total || 1);
  const middle = curve.find((each) => each.share >= 0.5)?.value ?? high;
  const words =
    level === null
      ? t("trends.duration.label", { name: pointName(line.point), value: text(middle), share: share(above(middle)) })
      : t("trends.duration.limit", { value: text(level), share: share(above(level)) });
  const path = curve.map((each, index) => `${index === 0 ? `M0 ${y(each.value).toFixed(1)}L` : "L"}${(each.share * WIDTH).toFixed(1)} ${y(each.value).toFixed(1)}`).join("");
  return (
    <figure class="panel trends-figure">
      <figcaption class="small">{t("trends.duration")}</figcaption>
      <svg class={`series-${line.colour}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
        <path class="trends-curve" d={path} />
        {level !== null && <line class="trends-level" x1="0" x2={WIDTH} y1={y(level)} y2={y(level)} />}
        <line class="trends-base" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
      </svg>
      <Ticks texts={[0, 0.5, 1].map(share)} />
      <p class="small muted figures">{words}</p>
    </figure>
  );
}

/** Figures under a drawing, spread over its width. Outside of it, so that they keep their size on a phone. */
function Ticks({ texts }: { texts: readonly string[] }) {
  return (
    <p class="trends-ticks small muted figures" aria-hidden="true">
      {texts.map((text) => (
        <span key={text}>{text}</span>
      ))}
    </p>
  );
}
