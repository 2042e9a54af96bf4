// Who did what when: filtered by person, deed, object and day; the filters stand in the address. Older ones come on demand.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type DeedFilter, getDeeds } from "../../api/records";
import type { Deed } from "../../api/types";
import { hasText, t } from "../../i18n";
import { dayCode, dayStart, moment, parseDayCode } from "../../i18n/format";
import { useResource } from "../../lib/resource";
import { query, setQuery } from "../../lib/router";
import { hubNow } from "../../state/clock";
import { Button } from "../../ui/Button";
import { DayField } from "../../ui/DayField";
import { SelectField, TextField } from "../../ui/Field";
import { Failed, Loading } from "../../ui/States";
import { toast } from "../../ui/Toast";
import { aboutName, recordFault } from "../records/words";

const DAY_MS = 86_400_000;
const AT_ONCE = 50;
/** The deeds that the hub notes, in the order of the choice. */
const ACTIONS = [
  "login",
  "login_failed",
  "logout",
  "acknowledge",
  "comment",
  "shelve",
  "unshelve",
  "reset",
  "review_text",
  "taken_out_of_service",
  "put_in_service",
  "calibration_added",
  "calibration_changed",
  "calibration_removed",
  "maintenance_added",
  "maintenance_changed",
  "maintenance_removed",
  "note_added",
  "note_changed",
  "note_removed",
  "readings_corrected",
  "readings_retimed",
  "rule_saved",
  "rule_switched_on",
  "rule_switched_off",
  "rule_deleted",
  "device_added",
  "device_changed",
  "device_removed",
  "site_file_restored",
  "device_tried",
  "registers_read",
  "device_command",
  "device_answer",
  "channel_tested",
  "user_added",
  "user_removed",
  "role_changed",
  "password_changed",
  "token_added",
  "token_revoked",
  "session_ended",
  "set_up",
] as const;

export function Audit() {
  const [by, action, object] = ["by", "action", "object"].map((name) => query.value.get(name) ?? "") as [string, string, string];
  const [first, last] = [parseDayCode(query.value.get("from")), parseDayCode(query.value.get("to"))];
  const filter: DeedFilter = {
    ...(by === "" ? {} : { by }),
    ...(action === "" ? {} : { action }),
    ...(object === "" ? {} : { object }),
    ...(first === null ? {} : { from: first }),
    ...(last === null ? {} : { to: dayStart(last + 1.5 * DAY_MS) }),
    limit: AT_ONCE,
  };
  const key = JSON.stringify(filter);
  const [found, reload] = useResource(`audit ${key}`, () => getDeeds(filter));
  const older = useSignal<readonly Deed[]>([]);
  const ended = useSignal(false);
  const people = useSignal<readonly string[]>([]);
  const { data, error } = found.value;
  useEffect(() => {
    older.value = [];
    ended.value = (data?.length ?? 0) < AT_ONCE;
    people.value = [...new Set([...people.peek(), ...(by === "" ? [] : [by]), ...(data ?? []).map((deed) => deed.by)])].sort();
  }, [data]);
  const all = [...(data ?? []), ...older.value];
  async function more() {
    try {
      const next = await getDeeds({ ...filter, before: all.at(-1)?.id ?? 0 });
      older.value = [...older.value, ...next];
      ended.value = next.length < AT_ONCE;
    } catch (cause) {
      toast(recordFault(cause));
    }
  }
  const isOrdered = first === null || last === null || first <= last;
  return (
    <section class="stack-tight" aria-labelledby="accounts-audit">
      <h2 id="accounts-audit">{t("audit.title")}</h2>
      <div class="accounts-filters no-print">
        <SelectField label={t("accounts.auditBy")} value={by} onChange={(event) => setQuery({ by: event.currentTarget.value })}>
          <option value="">{t("accounts.anybody")}</option>
          {people.value.map((name) => (
            <option key={name} value={name} selected={name === by}>
              {whoWord(name)}
            </option>
          ))}
        </SelectField>
        <SelectField label={t("audit.action")} value={action} onChange={(event) => setQuery({ action: event.currentTarget.value })}>
          <option value="">{t("audit.anyAction")}</option>
          {ACTIONS.map((each) => (
            <option key={each} value={each} selected={each === action}>
              {t(`accounts.what.${each}`)}
            </option>
          ))}
        </SelectField>
        <TextField label={t("audit.object")} autoComplete="off" autoCapitalize="none" maxLength={200} placeholder={t("audit.objectHint")} value={object} onChange={(event) => setQuery({ object: event.currentTarget.value.trim() })} />
        <DayField label={t("alarms.from")} optional code={first === null ? "" : dayCode(first)} onDay={(code) => setQuery({ from: code })} />
        <DayField label={t("alarms.to")} optional code={last === null ? "" : dayCode(last)} onDay={(code) => setQuery({ to: code })} fault={isOrdered ? null : t("day.order")} />
      </div>
      {!isOrdered ? null : data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} height={44} />
      ) : all.length === 0 ? (
        <p class="muted">{t(key === JSON.stringify({ limit: AT_ONCE }) ? "accounts.noAudit" : "audit.none")}</p>
      ) : (
        <>
          <ol class="panel accounts-list">
            {all.map((deed) => (
              <li key={deed.id} class="row row-ends">
                <span class="accounts-deed">
                  <strong>{deed.action === "readings_retimed" ? t("accounts.hub") : whoWord(deed.by)}</strong> <DeedWords deed={deed} />
                </span>
                <span class="small muted figures">{moment(Date.parse(deed.at), hubNow())}</span>
              </li>
            ))}
          </ol>
          {!ended.value && (
            <div>
              <Button onClick={() => void more()}>{t("audit.older")}</Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}

function DeedWords({ deed }: { deed: Deed }) {
  const what = actionWord(deed.action);
  const alarm = /^alarm\/(\d+)$/.exec(deed.object)?.[1];
  if (alarm !== undefined) {
    return (
      <>
        {what}: <a class="tall" href={`/alarms/${alarm}`}>{alarm}</a>
      </>
    );
  }
  return <>{[what, objectWord(deed)].filter((part) => part !== "").join(": ")}</>;
}

/** Nobody's name has a space. */
const whoWord = (by: string) => (by === "command line" ? t("accounts.commandLine") : by);

function actionWord(action: string): string {
  const key = `accounts.what.${action}`;
  return hasText(key) ? t(key) : action;
}

/** A place's own name where it is one; else as the hub noted it. */
function objectWord(deed: Deed): string {
  // Who logs in does it to nobody else.
  if (deed.object === deed.by) return "";
  const isPlace = /^(calibration|maintenance|note|readings)_/.test(deed.action);
  return isPlace ? aboutName(deed.object) : deed.object;
}
