// After a device was saved: whether the hub works by it, and where its numbers are.
import type { SavedSiteFile, TriedDevice } from "../../api/devices";
import { t } from "../../i18n";
import { told } from "./Devices";
import { isGood } from "./Trial";

export function Saved({ saved, device, tried }: { saved: SavedSiteFile; device: string; tried: TriedDevice | null }) {
  const points = tried?.points.filter(isGood).slice(0, 4) ?? [];
  const trend = points.map((point) => `p=${saved.site}/${device}/${point.id}`).join("&");
  return (
    <section class="panel devices-panel stack-tight" role="status">
      <p>
        <strong>
          {saved.in_force ? "✓ " : "▲ "}
          {told(saved)}
        </strong>
      </p>
      <p class="row">
        {trend !== "" && (
          <a class="button button-main" href={`/trends?${trend}&r=1h`}>
            {t("devices.trend")}
          </a>
        )}
        <a class="button button-quiet" href={`/sites/${saved.site}`}>
          {t("devices.toSite")}
        </a>
        <a class="button button-quiet" href={`/devices?site=${saved.site}`}>
          {t("devices.toFile")}
        </a>
      </p>
    </section>
  );
}
