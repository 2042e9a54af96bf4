// A measured value as it may be read: plain when good, marked when doubtful, and when it is not the present one
// struck pale over hatching with the words first. Never a zero for nothing, never a dash without a reason.
import { t } from "../i18n";
import { span } from "../i18n/format";
import { reasonText } from "../i18n/reasons";
import { type Measured, showText, showValue } from "../i18n/units";
import { now } from "../state/clock";
import type { Standing } from "../state/freshness";
import { StatusMark } from "./StatusMark";
import "./Value.css";

export interface ValueProps {
  standing: Standing;
  point: Measured;
  /** Whether the reason is written out beside a doubtful or missing value. */
  withReason?: boolean;
  /** Where the words stand near by already: an absent value is only struck, a doubtful one has its word without the reason. */
  brief?: boolean;
}

export function Value({ standing, point, withReason = true, brief = false }: ValueProps) {
  const reason = withReason && !brief ? reasonText(standing.reason) : "";
  switch (standing.kind) {
    case "good":
      return <Figure value={standing.value} point={point} class="value-good" />;
    case "suspect":
    case "fail":
    case "calibrating":
      return (
        <span class="value-set">
          <Figure value={standing.value} point={point} class="value-good" />
          <span class="value-words">
            <StatusMark
              status={standing.kind === "suspect" ? "doubtful" : standing.kind === "fail" ? "fail" : "calm"}
              word={t(`value.${standing.kind}`)}
            />
            {reason !== "" && <span class="value-reason"> · {reason}</span>}
          </span>
        </span>
      );
    case "empty":
      return <span class="value-words muted">{t("value.empty")}</span>;
    default:
      if (brief && standing.value === null) return <span class="value-words muted">{t("value.empty")}</span>;
      return (
        <span class="value-set">
          <span class={brief && standing.value !== null ? "unseen" : "value-words"}>
            <StatusMark status={standing.kind === "held" ? "calm" : "silent"} word={absenceText(standing, now.value)} />
            {reason !== "" && standing.kind !== "held" && <span class="value-reason"> · {reason}</span>}
          </span>
          {standing.value !== null && (
            <s class="value value-stale hatched">
              <span class="unseen">{t("value.lastGood")}: </span>
              {showText(standing.value, point)}
            </s>
          )}
        </span>
      );
  }
}

/** "mất tín hiệu 12 phút" and its kin. */
export function absenceText(standing: Standing, nowMs: number): string {
  if (standing.kind === "empty") return t("value.empty");
  if (standing.kind === "held") return t("value.held");
  const silent = standing.kind === "silent";
  if (standing.value === null) return t(silent ? "value.silentNever" : "value.lackingNever");
  return t(silent ? "value.silent" : "value.lacking", { span: span(nowMs - (standing.since ?? nowMs)) });
}

function Figure(props: { value: number | null; point: ValueProps["point"]; class: string }) {
  if (props.value === null) return null;
  const shown = showValue(props.value, props.point);
  return (
    <data class={`value ${props.class}`} value={String(props.value)}>
      {shown.text}
      {shown.unit !== "" && <span class="value-unit">{`\u00a0${shown.unit}`}</span>}
    </data>
  );
}
