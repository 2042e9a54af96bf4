// What people have written down for a site: calibrations and when the next are due, maintenance and notes of late, and what was
// corrected of the point that is looked at. Officers add, change and remove; everybody else reads.
import { useSignal } from "@preact/signals";
import { type EntryKind, getCorrected, getEntries, getSiteCalibrations } from "../../api/records";
import type { AuditedReading, Entry, Point } from "../../api/types";
import { pointName, t } from "../../i18n";
import { dayDate, moment } from "../../i18n/format";
import { reasonText } from "../../i18n/reasons";
import { showText } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { hubNow } from "../../state/clock";
import { isElsewhere, mayActAs } from "../../state/commune";
import { Button } from "../../ui/Button";
import { Failed, Loading } from "../../ui/States";
import { StatusMark } from "../../ui/StatusMark";
import { RecordDialogue, type RecordWish } from "./Dialogues";
import { type Due, dueOf } from "./due";
import { Jobs } from "./Jobs";
import { aboutName, calibrationWords } from "./words";
import "./Records.css";

/** Maintenance and notes of so long back are listed. */
const LATELY_MS = 90 * 86_400_000;
const MOST_CORRECTED = 20;

export interface SiteRecordsProps {
  site: string;
  points: readonly Point[];
  /** The point that is looked at, and its span. */
  chosen: Point | undefined;
  from: number;
  to: number;
  /** Something has changed in stored readings. */
  onChanged: () => void;
}

export function SiteRecords({ site, points, chosen, from, to, onChanged }: SiteRecordsProps) {
  const wish = useSignal<RecordWish | null>(null);
  const turn = useSignal(0);
  const isOfficer = mayActAs("officer") && !isElsewhere(site);
  const [found, reload] = useResource(
    `records ${site}`,
    async () => {
      const lately = { site, from: hubNow() - LATELY_MS };
      const [calibrations, maintenance, notes] = await Promise.all([getSiteCalibrations(site), getEntries("maintenance", lately), getEntries("note", lately)]);
      return { due: dueOf(calibrations, hubNow()), maintenance, notes };
    },
    String(turn.value),
  );
  const again = () => {
    turn.value += 1;
    onChanged();
  };
  const { data, error } = found.value;
  const ordered = chosen === undefined ? points : [chosen, ...points.filter((point) => point.id !== chosen.id)];
  const ask = (next: RecordWish) => (wish.value = next);
  return (
    <>
      <Jobs turn={String(turn.value)} onDone={onChanged} />
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={2} />
      ) : (
        <>
          <section class="stack-tight" aria-labelledby="records-calibrations">
            <div class="row row-ends">
              <h2 id="records-calibrations">{t("records.calibrations")}</h2>
              {isOfficer && points.length > 0 && <Button onClick={() => ask({ what: "calibration", calibration: null })}>{t("records.calibration.add")}</Button>}
            </div>
            {data.due.length === 0 ? <p class="muted">{t("records.noCalibrations")}</p> : <DueList due={data.due} ask={isOfficer ? ask : null} />}
          </section>
          <EntryList kind="maintenance" entries={data.maintenance} ask={isOfficer ? ask : null} />
          <EntryList kind="note" entries={data.notes} ask={isOfficer ? ask : null} />
        </>
      )}
      {chosen !== undefined && <Corrected point={chosen} from={from} to={to} turn={String(turn.value)} ask={isOfficer ? ask : null} />}
      {wish.value !== null && (
        <RecordDialogue wish={wish.value} points={ordered} from={from} to={to} onClose={() => (wish.value = null)} onDone={again} />
      )}
    </>
  );
}

type Ask = ((wish: RecordWish) => void) | null;

function DueList({ due, ask }: { due: readonly Due[]; ask: Ask }) {
  return (
    <ul class="panel records-list">
      {due.map(({ point, last, next, state }) => (
        <li key={point} data-calibrated={point}>
          <div>
            <p class="row">
              <strong>{aboutName(point)}</strong>
              {state === "overdue" && <StatusMark status="medium" word={t("records.due.overdue")} />}
              {state === "soon" && <StatusMark status="doubtful" word={t("records.due.soon")} />}
              <span class="small muted">{next === null ? t("records.due.unknown") : t("records.due.next", { day: dayDate(next) })}</span>
            </p>
            <p class="small muted figures">
              {[calibrationWords(last), last.by, ...(last.certificate === null ? [] : [t("records.certificateNumber", { number: last.certificate })])].join(" · ")}
            </p>
            {last.note !== null && <p class="small records-text">{last.note}</p>}
          </div>
          {ask !== null && (
            <span class="row">
              <Button aria-label={t("records.changeThis", { name: aboutName(point) })} onClick={() => ask({ what: "calibration", calibration: last })}>
                {t("records.change")}
              </Button>
              <Button aria-label={t("records.removeThis", { name: aboutName(point) })} onClick={() => ask({ what: "removeCalibration", calibration: last })}>
                {t("records.remove")}
              </Button>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function EntryList({ kind, entries, ask }: { kind: EntryKind; entries: readonly Entry[]; ask: Ask }) {
  const now = hubNow();
  return (
    <section class="stack-tight" aria-labelledby={`records-${kind}`}>
      <div class="row row-ends">
        <h2 id={`records-${kind}`}>{t(`records.title.${kind}`)}</h2>
        {ask !== null && <Button onClick={() => ask({ what: kind, entry: null })}>{t(`records.add.${kind}`)}</Button>}
      </div>
      {entries.length === 0 ? (
        <p class="muted">{t(`records.none.${kind}`)}</p>
      ) : (
        <ul class="panel records-list">
          {entries.map((entry) => (
            <li key={entry.id} data-entry={entry.id}>
              <div>
                <p>
                  <strong>{aboutName(entry.about)}</strong>{" "}
                  <span class="figures">{spanWords(entry, now)}</span>
                  {Date.parse(entry.from) <= now && now < Date.parse(entry.to) && kind === "maintenance" && <StatusMark status="calm" word={t("records.underWay")} />}
                </p>
                <p class="records-text">{entry.text}</p>
                <p class="small muted">{t("records.enteredBy", { who: entry.entered_by, time: moment(Date.parse(entry.entered_at), now) })}</p>
              </div>
              {ask !== null && (
                <span class="row">
                  <Button aria-label={t("records.changeThis", { name: aboutName(entry.about) })} onClick={() => ask({ what: kind, entry })}>
                    {t("records.change")}
                  </Button>
                  <Button aria-label={t("records.removeThis", { name: aboutName(entry.about) })} onClick={() => ask({ what: "removeEntry", kind, entry })}>
                    {t("records.remove")}
                  </Button>
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function spanWords({ from, to }: Pick<Entry, "from" | "to">, now: number): string {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return start === end ? moment(start, now) : `${moment(start, now)} – ${moment(end, now)}`;
}

function Corrected({ point, from, to, turn, ask }: { point: Point; from: number; to: number; turn: string; ask: Ask }) {
  const [found, reload] = useResource(`corrected ${point.id} ${from} ${to}`, () => getCorrected(point.id, from, to), turn);
  const { data, error } = found.value;
  return (
    <section class="stack-tight" aria-labelledby="records-corrected">
      <div class="row row-ends">
        <h2 id="records-corrected">{t("records.corrected", { name: pointName(point) })}</h2>
        {ask !== null && <Button onClick={() => ask({ what: "correction" })}>{t("records.correction.add")}</Button>}
      </div>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={1} />
      ) : data.length === 0 ? (
        <p class="muted">{t("records.noneCorrected")}</p>
      ) : (
        <>
          <ul class="panel records-list">
            {data.slice(-MOST_CORRECTED).reverse().map((each, index) => (
              <li key={`${each.measured_at} ${each.at} ${index}`}>
                <div>
                  <p class="figures">
                    {moment(Date.parse(each.measured_at), hubNow())}: {valueWords(each.before ?? null, point)} → <strong>{valueWords(each.after, point)}</strong>
                  </p>
                  <p class="records-text">{each.reason}</p>
                </div>
                <p class="small muted">{t("records.enteredBy", { who: each.by, time: moment(Date.parse(each.at), hubNow()) })}</p>
              </li>
            ))}
          </ul>
          {data.length > MOST_CORRECTED && <p class="small">{t("records.moreCorrected", { n: data.length - MOST_CORRECTED })}</p>}
        </>
      )}
    </section>
  );
}

function valueWords(value: AuditedReading["after"] | null, point: Point): string {
  if (value === null) return t("trends.stat.noData");
  const figure = value.value == null ? t("quality.missing") : showText(value.value, point);
  return value.reason == null ? figure : `${figure} (${reasonText(value.reason)})`;
}
