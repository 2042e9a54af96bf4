// Words for what people write down, and for what the hub refuses of it.
import { HubError } from "../../api/client";
import type { Calibration, Job, Point } from "../../api/types";
import { hasText, lang, local, pointName, t } from "../../i18n";
import { dayDate } from "../../i18n/format";
import { typedNumber } from "../../i18n/typed";
import { store } from "../../state/store";

/** What the hub refused, in words; `invalid` says what to look at again. */
export function recordFault(error: unknown, invalid: string = t("records.invalid")): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 0) return t("page.unreachable");
  if (status === 400) return invalid;
  if (status === 403) return t("alarm.forbidden");
  if (status === 404) return t("records.gone");
  return status === 409 ? t("records.changed") : t("alarm.failed");
}

/** "hệ số 1,02, độ lệch −0,05, từ 01/03/2026". */
export function calibrationWords({ gain, offset, from }: Pick<Calibration, "gain" | "offset" | "from">): string {
  const figure = (value: number) => typedNumber(value, lang.value);
  return t("records.calibration.words", { gain: figure(gain), offset: figure(offset), day: dayDate(Date.parse(from)) });
}

/** The name of what an entry is about: a point, a device or a site. */
export function aboutName(about: string): string {
  const [site = "", device, point] = about.split("/");
  const siteName = local(store.sites.value?.find((each) => each.id === site)?.name) || site;
  if (device === undefined) return siteName;
  if (point !== undefined) {
    const known = store.points.value.get(about)?.point.peek();
    return known === undefined ? about : pointName(known);
  }
  return `${local(store.devices.value.get(about)?.name) || device}, ${siteName}`;
}

/** What a job does, for whom. */
export function jobWords(job: Job): string {
  const key = `records.job.${job.kind}`;
  return `${hasText(key) ? t(key) : job.kind}: ${aboutName(job.about)}`;
}

/** A point with its site, as it stands in a choice. */
export const pointChoice = (point: Point) => `${pointName(point)} · ${aboutName(point.site)}`;
