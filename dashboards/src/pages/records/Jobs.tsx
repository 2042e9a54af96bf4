// The work on stored readings that follows from a change: how far it is, until it is done.
import { useEffect, useRef } from "preact/hooks";
import { getJobs } from "../../api/records";
import { t } from "../../i18n";
import { formatNumber } from "../../i18n/units";
import { useResource } from "../../lib/resource";
import { jobWords } from "./words";
import "./Records.css";

/** How often unfinished work is asked for. */
const ASK_MS = 1_500;

/** Stands with nothing to show while nothing is under way; `turn` changes when something was asked for. */
export function Jobs({ turn, onDone }: { turn: string; onDone: () => void }) {
  const [found, reload] = useResource("jobs", getJobs, turn);
  const open = (found.value.data ?? []).filter((job) => job.finished_at === null);
  const key = open.map((job) => job.id).join(" ");
  const wasOpen = useRef(false);
  useEffect(() => {
    // What was under way is done: what it has changed is to be seen.
    if (key === "" && wasOpen.current) onDone();
    wasOpen.current = key !== "";
    if (key === "") return;
    const timer = setInterval(reload, ASK_MS);
    return () => clearInterval(timer);
  }, [key]);
  return (
    <div role="status">
      {open.map((job) => (
        <div key={job.id} class="job panel">
          <p>
            {t("records.jobOpen", { what: jobWords(job) })}{" "}
            <span class="small muted figures">{t("records.jobSeen", { share: formatNumber(Math.floor(100 * job.share), 0), changed: formatNumber(job.changed, 0) })}</span>
          </p>
          <progress max={1} value={job.share} aria-label={t("records.jobOpen", { what: jobWords(job) })} />
        </div>
      ))}
    </div>
  );
}
