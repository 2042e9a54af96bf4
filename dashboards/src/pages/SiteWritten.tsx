// What people have written down of a site: maintenance that is under way or to come, and the notes of late. Nothing where there is none.
import { getEntries } from "../api/records";
import type { Entry } from "../api/types";
import { pointName, t } from "../i18n";
import { moment } from "../i18n/format";
import { useResource } from "../lib/resource";
import { hubNow, now } from "../state/clock";
import { deviceName } from "../state/site";
import { store } from "../state/store";
import { StatusMark } from "../ui/StatusMark";
import "./SiteAbout.css";

const LATELY_MS = 30 * 86_400_000;
const MOST_NOTES = 3;

export function SiteWritten({ site }: { site: string }) {
  const [found] = useResource(`written ${site}`, async () => {
    const [maintenance, notes] = await Promise.all([getEntries("maintenance", { site, from: hubNow() }), getEntries("note", { site, from: hubNow() - LATELY_MS })]);
    return { maintenance, notes: [...notes].sort((a, b) => Date.parse(b.from) - Date.parse(a.from)).slice(0, MOST_NOTES) };
  });
  const { data } = found.value;
  if (data === null || data.maintenance.length + data.notes.length === 0) return null;
  return (
    <section class="stack-tight" aria-labelledby="site-written">
      <h2 id="site-written">{t("site.written")}</h2>
      <ul class="panel site-about">
        {data.maintenance.map((entry) => (
          <li key={`m${entry.id}`}>
            <Head entry={entry} /> <StatusMark status="calm" word={t(Date.parse(entry.from) <= now.value ? "site.maintenance" : "site.maintenanceAhead", { time: moment(Date.parse(entry.to), now.value) })} />
            <p class="site-notes">{entry.text}</p>
          </li>
        ))}
        {data.notes.map((entry) => (
          <li key={`n${entry.id}`}>
            <Head entry={entry} />
            <p class="site-notes">{entry.text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** When, of what, by whom. */
function Head({ entry }: { entry: Entry }) {
  return <span class="small muted figures">{[moment(Date.parse(entry.from), now.value), aboutWords(entry.about), entry.entered_by].filter((part) => part !== "").join(" · ")}</span>;
}

/** The point's or the device's own name; of the whole site nothing needs to be said on its page. */
function aboutWords(about: string): string {
  const point = store.points.value.get(about)?.point.peek();
  if (point !== undefined) return pointName(point);
  return about.includes("/") ? deviceName(about) : "";
}
