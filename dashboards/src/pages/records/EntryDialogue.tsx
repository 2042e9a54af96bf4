// A maintenance window or a note is made or changed: on a point, its device or its site, over a span or (a note) on a moment.
import { useSignal } from "@preact/signals";
import { getBuckets } from "../../api/calls";
import { HubError } from "../../api/client";
import { type EntryKind, addEntry, changeEntry, getEntries } from "../../api/records";
import type { Entry, Job, Point } from "../../api/types";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { formatNumber } from "../../i18n/units";
import { hubNow } from "../../state/clock";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { Dialogue } from "../../ui/Dialogue";
import { SelectField, TextArea } from "../../ui/Field";
import { FormActions, FormFault } from "../../ui/FormEnd";
import { MomentField } from "../../ui/MomentField";
import { useSending } from "../../ui/sending";
import { EffectFrame, useEffectOf } from "./Effect";
import { aboutName, pointChoice, recordFault } from "./words";

export interface EntryDialogueProps {
  kind: EntryKind;
  /** What it may be about beside the devices and sites of these. */
  points: readonly Point[];
  /** The one to be changed; `null` for a new one. */
  entry: Entry | null;
  /** The span that a new one begins with, epoch ms. */
  from: number;
  to: number;
  onClose: () => void;
  onDone: (job: Job | null) => void;
}

const MINUTE_MS = 60_000;
/** The hub's own bound: a forgotten window would silence alarms for ever. */
const LONGEST_MS = 31 * 86_400_000;
/** Points that are asked for what a window would touch. */
const AT_ONCE = 20;

export function EntryDialogue({ kind, points, entry, from, to, onClose, onDone }: EntryDialogueProps) {
  const about = useSignal(entry?.about ?? points[0]?.id ?? "");
  const start = useSignal(whole(entry === null ? from : Date.parse(entry.from)));
  const end = useSignal(whole(entry === null ? to : Date.parse(entry.to)));
  const isMoment = useSignal(kind === "note" && entry !== null && entry.from === entry.to);
  const text = useSignal(entry?.text ?? "");
  const version = useSignal(entry?.version ?? null);
  const rival = useSignal<Entry | "removed" | null>(null);
  const missing = useSignal(false);

  const until = isMoment.value ? start.value : end.value;
  const endFault = isMoment.value
    ? null
    : until < start.value || (kind === "maintenance" && until === start.value)
      ? t("records.order")
      : kind === "maintenance" && until - start.value > LONGEST_MS
        ? t("records.tooLong")
        : null;
  const touched = pointsOf(about.value);
  const tried = useEffectOf(kind === "maintenance" && endFault === null ? `${about.value} ${start.value} ${until}` : "", () =>
    valuesIn(touched, start.value, Math.min(until, hubNow())),
  );

  const { busy, fault, submit } = useSending(async () => {
    missing.value = text.value.trim() === "";
    if (missing.value || endFault !== null) throw new HubError(400, "");
    const wish = { about: about.value, from: start.value, to: until, text: text.value.trim() };
    const isNew = entry === null || rival.peek() === "removed";
    try {
      const done = isNew ? await addEntry(kind, wish) : await changeEntry(kind, entry.id, { ...wish, version: version.value ?? 0 });
      onDone(done.job);
    } catch (error) {
      if (!isNew && error instanceof HubError && [404, 409].includes(error.status)) {
        rival.value = (await getEntries(kind, {})).find((each) => each.id === entry.id) ?? "removed";
      }
      throw error;
    }
  }, (error) => (rival.value !== null ? t("records.notSaved") : recordFault(error)));

  const other = rival.value;
  return (
    <Dialogue title={entry === null ? t(`records.add.${kind}`) : t(`records.change.${kind}`)} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="small muted">{t(`records.hint.${kind}`)}</p>
        {entry === null ? (
          <SelectField label={t("records.about")} value={about.value} onChange={(event) => (about.value = event.currentTarget.value)}>
            {choices(points).map(({ id, name }) => (
              <option key={id} value={id} selected={id === about.value}>
                {name}
              </option>
            ))}
          </SelectField>
        ) : (
          <strong>{aboutName(entry.about)}</strong>
        )}
        <MomentField label={t(isMoment.value ? "records.at" : "records.start")} at={start.value} onMoment={(at) => (start.value = at)} />
        {kind === "note" && (
          <label class="row">
            <input
              type="checkbox"
              checked={isMoment.value}
              onChange={(event) => {
                isMoment.value = event.currentTarget.checked;
                // What is noted of a moment was mostly just seen: the end of what is looked at.
                if (isMoment.value) start.value = end.value;
              }}
            />
            {t("records.moment")}
          </label>
        )}
        {!isMoment.value && <MomentField label={t("records.end")} at={end.value} onMoment={(at) => (end.value = at)} fault={endFault} />}
        <TextArea
          label={t(kind === "note" ? "records.note" : "records.work")}
          maxLength={2_000}
          value={text.value}
          fault={missing.value && text.value.trim() === "" ? t("records.textNeeded") : null}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        {kind === "maintenance" && (
          <EffectFrame tried={tried.value}>
            {(n) => (
              <>
                <p>{t("records.effect.maintenance", { n: formatNumber(n, 0), points: touched.length })}</p>
                {until > hubNow() && <p>{t("records.effect.maintenanceAhead", { time: moment(until, hubNow()) })}</p>}
                <p class="small muted">{t("records.rawStays")}</p>
              </>
            )}
          </EffectFrame>
        )}
        {other !== null && (
          <section class="rival" role="alert">
            {other === "removed" ? (
              <p>{t("records.rival.removed")}</p>
            ) : (
              <>
                <strong>{t("records.rival.changed", { who: other.entered_by, time: moment(Date.parse(other.entered_at), hubNow()) })}</strong>
                <p class="figures">
                  {moment(Date.parse(other.from), hubNow())} – {moment(Date.parse(other.to), hubNow())}
                </p>
                <p class="records-text">{other.text}</p>
                <p>
                  <Button
                    onClick={() => {
                      version.value = other.version;
                      rival.value = null;
                      fault.value = null;
                    }}
                  >
                    {t("records.rival.keepMine")}
                  </Button>
                </p>
              </>
            )}
          </section>
        )}
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={t("dialogue.send")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}

const whole = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** The points themselves, then their devices and sites, each once. */
function choices(points: readonly Point[]): { id: string; name: string }[] {
  const devices = [...new Set(points.map((point) => point.device))];
  const sites = [...new Set(points.map((point) => point.site))];
  return [
    ...points.map((point) => ({ id: point.id, name: pointChoice(point) })),
    ...devices.map((id) => ({ id, name: t("records.allOfDevice", { name: aboutName(id) }) })),
    ...sites.map((id) => ({ id, name: t("records.allOfSite", { name: aboutName(id) }) })),
  ];
}

/** The points that something about a point, a device or a site concerns. */
function pointsOf(about: string): Point[] {
  const all = [...store.points.peek().values()].map((each) => each.point.peek());
  return all.filter((point) => point.id === about || point.device === about || point.site === about);
}

/** How many values were measured in a span. */
async function valuesIn(points: readonly Point[], from: number, to: number): Promise<number> {
  let n = 0;
  for (let first = 0; first < points.length && from < to; first += AT_ONCE) {
    const series = await getBuckets(points.slice(first, first + AT_ONCE).map((point) => point.id), from, to, 1);
    n += series.flatMap((each) => each.n).reduce((sum, each) => sum + each, 0);
  }
  return n;
}
