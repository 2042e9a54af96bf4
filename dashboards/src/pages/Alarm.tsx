// One alarm: what it is, what to do, who did what and when; acknowledging and commenting.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { getAlarm, unshelve } from "../api/calls";
import type { AlarmDetail, Point } from "../api/types";
import { local, t } from "../i18n";
import { moment } from "../i18n/format";
import { formatNumber, showText, unitSign } from "../i18n/units";
import { Lazy } from "../lib/Lazy";
import { useResource } from "../lib/resource";
import { useTitle } from "../lib/title";
import { now } from "../state/clock";
import { isElsewhere, mayActAs } from "../state/commune";
import { awaitsPerson, isActive } from "../state/reduce";
import { store } from "../state/store";
import { AcknowledgeDialogue } from "../ui/AcknowledgeDialogue";
import { placeOf } from "../ui/AlarmRow";
import { BackLink } from "../ui/BackLink";
import { Button } from "../ui/Button";
import { Help } from "../ui/Help";
import { limitWithUnit } from "../ui/MovingBar";
import { PointRow } from "../ui/PointRow";
import { Empty, Failed, Loading, Stale } from "../ui/States";
import { ShelveDialogue } from "../ui/ShelveDialogue";
import { StatusMark } from "../ui/StatusMark";
import { toast } from "../ui/Toast";
import { faultText } from "../ui/sending";
import { AlarmHistory } from "./AlarmHistory";
import { CommentDialogue } from "./CommentDialogue";
import { Similar } from "./Similar";
import "./Alarms.css";

const alarmTrend = () => import("./AlarmTrend");
const announcement = () => import("./announcement/Announcement");

export default function AlarmPage({ id }: { id: string }) {
  const number = /^\d+$/.test(id) ? Number(id) : -1;
  const [found, reload] = useResource(`alarm ${id}`, () => getAlarm(number));
  useEffect(() => {
    const listener = (alarm: { id: number }) => {
      if (alarm.id === number) reload();
    };
    store.alarmListeners.add(listener);
    return () => {
      store.alarmListeners.delete(listener);
    };
  }, [number]);
  const { data, error, at } = found.value;
  useTitle(local(data?.title));
  if (data !== null) {
    return (
      <>
        {error !== null && at !== null && <Stale time={moment(at, now.peek())} onRetry={reload} />}
        <AlarmView alarm={data} onChanged={reload} />
      </>
    );
  }
  if (error === null) return <Loading rows={3} height={120} />;
  if (error.status === 404 || error.status === 400) {
    return (
      <Empty title={t("alarm.notFound")}>
        <BackLink href="/alarms">{t("alarms.back")}</BackLink>
      </Empty>
    );
  }
  return (
    <>
      <BackLink href="/alarms">{t("alarms.back")}</BackLink>
      <Failed error={error} onRetry={reload} />
    </>
  );
}

function AlarmView({ alarm, onChanged }: { alarm: AlarmDetail; onChanged: () => void }) {
  const asked = useSignal<"acknowledge" | "comment" | "shelve" | "reset" | null>(null);
  const entry = alarm.point == null ? undefined : store.points.value.get(alarm.point);
  const runbook = local(alarm.runbook);
  const close = () => (asked.value = null);
  const takeBack = async () => {
    try {
      store.applyAlarm(await unshelve(alarm.id));
      toast(t("alarm.unshelved"));
      onChanged();
    } catch (error) {
      toast(faultText(error));
    }
  };
  return (
    <>
      <header class="stack-tight">
        <BackLink href="/alarms">{t("alarms.back")}</BackLink>
        <div>
          <p class="row">
            <StatusMark status={alarm.priority} quiet={!awaitsPerson(alarm)} />
            <span>{t(`alarm.state.${alarm.state}`)}</span>
          </p>
          <h1>{local(alarm.title)}</h1>
          <p>
            <a class="tall" href={`/sites/${encodeURIComponent(alarm.site)}`}>
              {placeOf(alarm)}
            </a>
          </p>
          <p>{local(alarm.message)}</p>
          <Help text={t("alarm.help")} words={[]} points={entry === undefined ? [] : [entry.point.peek()]} />
        </div>
        {isElsewhere(alarm.site) && <p class="muted">{t("alarm.elsewhere")}</p>}
        {mayActAs("staff") && !isElsewhere(alarm.site) && (
          <div class="row no-print">
            {awaitsPerson(alarm) && (
              <Button kind="main" tall onClick={() => (asked.value = "acknowledge")}>
                {t("alarm.acknowledge")}
              </Button>
            )}
            {canBeReset(alarm) && <Button onClick={() => (asked.value = "reset")}>{t("alarm.reset")}</Button>}
            <Button tall={awaitsPerson(alarm)} onClick={() => (asked.value = "comment")}>
              {t("alarm.addComment")}
            </Button>
            {alarm.state === "shelved" ? (
              <Button onClick={() => void takeBack()}>{t("alarm.unshelve")}</Button>
            ) : (
              isActive(alarm) && (
                <Button tall={awaitsPerson(alarm)} onClick={() => (asked.value = "shelve")}>
                  {t("alarm.shelve")}
                </Button>
              )
            )}
          </div>
        )}
      </header>
      <div class="alarm-page">
        <div class="stack">
          {entry !== undefined && (
            <ul class="point-list panel site-card">
              <PointRow entry={entry} />
            </ul>
          )}
          {entry !== undefined && <Lazy load={alarmTrend} props={{ alarm, entry }} rows={1} height={238} />}
          {runbook !== "" && (
            <section class="stack-tight" aria-labelledby="alarm-runbook">
              <h2 id="alarm-runbook">{t("alarm.runbook")}</h2>
              <p class="panel alarm-runbook">{runbook}</p>
            </section>
          )}
          <Facts alarm={alarm} point={entry?.point.value} />
          {alarm.announces && mayActAs("staff") && !isElsewhere(alarm.site) && <Lazy load={announcement} props={{ alarm, onChanged }} rows={1} height={320} />}
        </div>
        <div class="stack">
          <section class="stack-tight" aria-labelledby="alarm-history">
            <h2 id="alarm-history">{t("alarm.history")}</h2>
            <AlarmHistory history={alarm.history} point={entry?.point.peek()} />
          </section>
          <Similar alarm={alarm} />
        </div>
      </div>
      {asked.value === "acknowledge" && <AcknowledgeDialogue alarm={alarm} onClose={close} onChanged={onChanged} />}
      {asked.value === "shelve" && <ShelveDialogue alarm={alarm} onClose={close} onChanged={onChanged} />}
      {(asked.value === "comment" || asked.value === "reset") && (
        <CommentDialogue alarm={alarm} resets={asked.value === "reset"} onClose={close} onChanged={onChanged} />
      )}
    </>
  );
}

/** A latched alarm stays when its condition is gone, until somebody says that it may go. */
const canBeReset = ({ latching, cleared_at: cleared, state }: AlarmDetail) =>
  latching && cleared != null && (state === "unacknowledged" || state === "acknowledged");

function Facts({ alarm, point }: { alarm: AlarmDetail; point: Point | undefined }) {
  const seconds = useComputed(() => Math.floor(now.value / 60_000) * 60_000);
  const at = (time: string) => moment(Date.parse(time), seconds.value);
  const limit = point?.limit ?? null;
  return (
    <dl class="alarm-facts panel">
      {alarm.value != null && (
        <>
          <dt>{t("alarm.value")}</dt>
          <dd class="figures">{valueText(alarm, point)}</dd>
        </>
      )}
      {alarm.clause != null && (
        <>
          <dt>{t("alarm.limit")}</dt>
          <dd lang="vi">{local({ vi: alarm.clause, en: alarm.clause_en ?? alarm.clause })}</dd>
        </>
      )}
      {alarm.clause == null && limit !== null && (
        <>
          <dt>{t("alarm.limit")}</dt>
          <dd class="figures">
            {limitWithUnit(limit, point?.unit ?? "")}
            <br />
            <LimitSource limit={limit} />
          </dd>
        </>
      )}
      <dt>{t("alarm.raised")}</dt>
      <dd class="figures">{at(alarm.raised_at)}</dd>
      {alarm.cleared_at != null && (
        <>
          <dt>{t("alarm.cleared")}</dt>
          <dd class="figures">{at(alarm.cleared_at)}</dd>
        </>
      )}
      <dt>{t("alarm.rule")}</dt>
      <dd>{mayActAs("integrator") ? <a class="tall" href={`/rules/${encodeURIComponent(alarm.rule)}`}>{alarm.rule}</a> : alarm.rule}</dd>
    </dl>
  );
}

/** "QCVN 01-1:2024/BYT · clo dư tự do · chưa kiểm chứng": which rule sets a limit; its words are Vietnamese in any language. */
function LimitSource({ limit }: { limit: NonNullable<Point["limit"]> }) {
  const { regulation, clause } = limit;
  const source = [clause.startsWith(regulation) ? "" : regulation, clause].filter((part) => part !== "").join(" · ");
  return (
    <span class="small muted">
      <span lang="vi">{source}</span>
      {limit.status === "unverified" && ` · ${t("limit.unverified")}`}
    </span>
  );
}

function valueText(alarm: AlarmDetail, point: Point | undefined): string {
  const value = alarm.value ?? 0;
  if (point !== undefined) return showText(value, point);
  return `${formatNumber(value, 2)} ${unitSign(alarm.unit ?? "")}`.trim();
}
