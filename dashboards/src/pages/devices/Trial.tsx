// A device that is not saved yet, read once: each point's value, or why it has none.
import type { TriedDevice, TriedPoint } from "../../api/devices";
import { local, t } from "../../i18n";
import { reasonText } from "../../i18n/reasons";
import { formatNumber, unitSign } from "../../i18n/units";

export function Trial({ tried }: { tried: TriedDevice }) {
  const good = tried.points.filter(isGood).length;
  return (
    <div class="stack-tight" role="status">
      <p>{t("devices.tried", { endpoint: tried.endpoint, unit: tried.unit_id, good, all: tried.points.length })}</p>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={t("devices.step.try")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("devices.point")}</th>
              <th scope="col">{t("devices.value")}</th>
              <th scope="col">{t("devices.words")}</th>
            </tr>
          </thead>
          <tbody>
            {tried.points.map((point) => (
              <tr key={point.id}>
                <th scope="row">
                  {local(point.name)} <code class="small muted">{point.id}</code>
                </th>
                <td class="figures">
                  {isGood(point) ? (
                    <>
                      <span aria-hidden="true">✓ </span>
                      {valueOf(point)}
                      <span class="unseen">, {t("devices.good")}</span>
                    </>
                  ) : (
                    <Trouble point={point} />
                  )}
                </td>
                <td class="devices-words">{point.words.map(hex).join(" ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

export const hex = (word: number) => word.toString(16).toUpperCase().padStart(4, "0");

export const isGood = (point: TriedPoint) => (point.value !== null || point.text !== null) && !point.out_of_range;

function valueOf(point: TriedPoint): string {
  if (point.text !== null) return point.text;
  return point.value === null ? "" : `${formatNumber(point.value, point.decimals)} ${unitSign(point.unit)}`.trim();
}

function Trouble({ point }: { point: TriedPoint }) {
  const why = point.out_of_range ? t("devices.outOfRange") : point.trouble !== null ? local(point.trouble) : reasonText(point.reason);
  return (
    <span class="devices-bad">
      <span aria-hidden="true">▲ </span>
      {point.out_of_range && `${valueOf(point)}, `}
      {why}
    </span>
  );
}
