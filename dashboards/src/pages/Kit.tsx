// Every component in every state on one page: for looking at, for tests, and for whoever builds the next page.
// Not linked from anywhere, loaded only when asked for. Asks the hub for nothing.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { HubError } from "../api/client";
import type { Priority } from "../api/types";
import { t } from "../i18n";
import { calendar } from "../lib/calendar";
import { useTitle } from "../lib/title";
import { hubNow, now } from "../state/clock";
import { type Theme, setTheme, theme } from "../state/preferences";
import { AlarmRow } from "../ui/AlarmRow";
import { Age } from "../ui/Age";
import { Button } from "../ui/Button";
import { CalendarField } from "../ui/CalendarField";
import { Choice } from "../ui/Choice";
import { DayField } from "../ui/DayField";
import { DayTrend } from "../ui/DayTrend";
import { Dialogue } from "../ui/Dialogue";
import { SelectField, TextArea, TextField } from "../ui/Field";
import { MovingBar } from "../ui/MovingBar";
import { PointRowView } from "../ui/PointRow";
import { Spark } from "../ui/Spark";
import { Empty, Failed, Loading, Stale } from "../ui/States";
import { StatusMark } from "../ui/StatusMark";
import { ToastView } from "../ui/Toast";
import { Value } from "../ui/Value";
import { sampleAlarm, sampleDay, samplePoint, sampleStandings } from "../ui/samples";
import type { Trend } from "../ui/trend";
import { LanguageChoice } from "./Login";
import "../ui/Table.css";
import "./Kit.css";

const PRIORITIES: readonly Priority[] = ["critical", "high", "medium", "low"];

export default function Kit() {
  useTitle("Kit");
  const asked = useSignal(false);
  const themes: readonly Theme[] = ["system", "light", "dark"];
  return (
    <main class="kit">
      <h1>Kit</h1>
      <div class="row">
        <LanguageChoice />
        <Choice
          label={t("more.theme")}
          unlabelled
          chosen={theme.value}
          onChoose={setTheme}
          options={themes.map((value) => ({ value, text: t(`more.theme.${value}`) }))}
        />
      </div>
      <Part title="StatusMark">
        {PRIORITIES.map((priority) => (
          <StatusMark key={priority} status={priority} />
        ))}
        {PRIORITIES.map((priority) => (
          <StatusMark key={priority} status={priority} quiet />
        ))}
        <StatusMark status="well" word={t("site.state.normal")} />
        <StatusMark status="silent" word={t("device.silent")} />
        <StatusMark status="doubtful" word={t("value.suspect")} />
        <StatusMark status="fail" word={t("value.fail")} />
        <StatusMark status="calm" word={t("site.state.no_data")} />
      </Part>
      <Values />
      <Part title="Age">
        {[2, 40, 720, 7_300, 90_000, 400_000].map((seconds) => (
          <Age key={seconds} at={Math.floor(hubNow() / 1_000) * 1_000 - seconds * 1_000} />
        ))}
      </Part>
      <Bars />
      <Part title="Spark">
        <div class="kit-narrow">
          <Spark values={sampleDay()} point={samplePoint()} />
        </div>
      </Part>
      <Trends />
      <Part title="Button">
        <Button kind="main" tall>
          {t("alarm.acknowledge")}
        </Button>
        <Button kind="main">{t("login.title")}</Button>
        <Button>{t("dialogue.cancel")}</Button>
        <Button kind="plain">{t("site.last24")}</Button>
        <Button kind="main" busy>
          {t("dialogue.send")}
        </Button>
      </Part>
      <Part title="Field">
        <TextField label={t("login.username")} name="kit-user" />
        <TextField label={t("login.password")} name="kit-password" type="password" fault={t("login.wrong")} />
        <SelectField label={t("alarms.site")} name="kit-site">
          <option>{t("alarms.anySite")}</option>
        </SelectField>
        <TextArea label={t("alarm.comment")} name="kit-comment" />
      </Part>
      <Days />
      <Part title="Table">
        <div class="table-scroll kit-wide" tabIndex={0} role="region" aria-labelledby="kit-Table">
          <table class="table figures">
            <thead>
              <tr>
                <th scope="col">{t("alarms.site")}</th>
                <th scope="col" class="table-number">
                  {t("alarm.value")}
                </th>
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">{t("site.kind.water_station")}</th>
                <td class="table-number table-bad">▼ 0,16 mg/L</td>
              </tr>
            </tbody>
          </table>
        </div>
      </Part>
      <Part title="Dialogue">
        <Button onClick={() => (asked.value = true)}>{t("alarm.addComment")}</Button>
        {asked.value && (
          <Dialogue title={t("alarm.addComment")} onClose={() => (asked.value = false)}>
            <TextArea label={t("alarm.comment")} name="kit-dialogue" />
            <div class="dialogue-actions">
              <Button onClick={() => (asked.value = false)}>{t("dialogue.close")}</Button>
            </div>
          </Dialogue>
        )}
      </Part>
      <Part title="AlarmRow">
        <ul class="alarm-list stack-tight kit-wide">
          {PRIORITIES.map((priority, index) => (
            <li key={priority}>
              <AlarmRow alarm={sampleAlarm({ id: index, priority })} onAcknowledge={() => undefined} />
            </li>
          ))}
          <li>
            <AlarmRow
              alarm={sampleAlarm({ id: 5, state: "acknowledged", acknowledged_by: "lan", acknowledged_at: "2026-11-23T08:20:00+07:00" })}
              onAcknowledge={() => undefined}
            />
          </li>
          <li>
            <AlarmRow
              alarm={sampleAlarm({ id: 6, state: "rtn_unacknowledged", cleared_at: "2026-11-23T08:40:00+07:00" })}
              onAcknowledge={() => undefined}
            />
          </li>
        </ul>
      </Part>
      <Part title="States">
        <div class="kit-wide stack">
          <Empty title={t("alarms.noneFound")} hint={t("alarms.noneFoundHint")} />
          <Loading rows={2} />
          <Failed error={new HubError(0, "")} onRetry={() => undefined} />
          <Stale time={t("time.today", { clock: "08:15" })} onRetry={() => undefined} />
          <ToastView text={t("alarm.acknowledged")} onDismiss={() => undefined} />
        </div>
      </Part>
    </main>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="stack-tight" aria-labelledby={`kit-${title}`}>
      <h2 id={`kit-${title}`}>{title}</h2>
      <div class="panel kit-part">{children}</div>
    </section>
  );
}

/** A period: by its everyday name, or by two days. */
function Days() {
  const days = useSignal(calendar(hubNow()).lastWeek);
  return (
    <Part title="CalendarField, DayField">
      <CalendarField days={days.value} onDays={(chosen) => (days.value = chosen)} />
      <DayField label={t("alarms.from")} code={days.value.from} onDay={(from) => (days.value = { ...days.value, from })} />
      <DayField label={t("alarms.to")} code={days.value.last} onDay={(last) => (days.value = { ...days.value, last })} fault={t("day.order")} />
    </Part>
  );
}

function Values() {
  const standings = Object.values(sampleStandings(now.value));
  return (
    <>
      <Part title="Value">
        {standings.map((standing) => (
          <Value key={standing.kind} standing={standing} point={samplePoint()} />
        ))}
      </Part>
      <Part title="PointRow">
        <ul class="point-list kit-wide">
          {standings.map((standing) => (
            <PointRowView
              key={standing.kind}
              standing={standing}
              point={samplePoint({ id: `kit/${standing.kind}` })}
              day={{ spark: sampleDay(), today: { min: 0.31, max: 0.55 }, direction: "rising" }}
            />
          ))}
        </ul>
      </Part>
    </>
  );
}

function Bars() {
  const { good, silent } = sampleStandings(now.value);
  const today = { min: 0.31, max: 0.55 };
  return (
    <Part title="MovingBar">
      {[0.42, 0.12, 1.3, 4.9].map((value) => (
        <div key={value} class="kit-narrow">
          <MovingBar point={samplePoint()} standing={{ ...good, value }} today={today} />
        </div>
      ))}
      <div class="kit-narrow">
        <MovingBar point={samplePoint()} standing={silent} today={today} />
      </div>
      <div class="kit-narrow">
        <MovingBar point={samplePoint({ limit: null, range: { min: 0, max: 1 } })} standing={good} today={null} />
      </div>
    </Part>
  );
}

function Trends() {
  const { trend, from, to } = useMemo(() => {
    const end = Math.ceil(hubNow() / 60_000) * 60_000;
    const start = end - 86_400_000;
    const mean = sampleDay();
    const shifted = (by: number) => mean.map((value) => (value === null ? null : value + by));
    const drawn: Trend = { t: mean.map((_, index) => start + index * 900_000), min: shifted(-0.03), mean, max: shifted(0.03) };
    return { trend: drawn, from: start, to: end };
  }, []);
  const hour = 3_600_000;
  return (
    <Part title="DayTrend">
      <div class="kit-wide">
        <DayTrend
          point={samplePoint()}
          trend={trend}
          spans={[
            { kind: "missing", from: from + 15 * hour, to: from + 17 * hour },
            { kind: "suspect", from: from + 3 * hour, to: from + 5 * hour },
            { kind: "calibrating", from: from + 8 * hour, to: from + 9 * hour },
            { kind: "fail", from: from + 11 * hour, to: from + 11.5 * hour },
          ]}
          alarms={[sampleAlarm({ raised_at: new Date(from + 20 * hour).toISOString() })]}
          from={from}
          to={to}
        />
      </div>
    </Part>
  );
}
