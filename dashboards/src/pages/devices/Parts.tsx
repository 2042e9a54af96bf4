// Parts that these pages share: what is wrong, a text of configuration, and the choice of a site.
import type { Site } from "../../api/types";
import { local, t } from "../../i18n";
import { SelectField } from "../../ui/Field";

/** The hub's own words are English. */
export function Faults({ faults }: { faults: readonly string[] }) {
  if (faults.length === 0) return null;
  return (
    <div class="devices-faults" role="alert">
      <p>
        <span aria-hidden="true">▲ </span>
        {t("devices.faults")}
      </p>
      <ul>
        {faults.map((fault) => (
          <li key={fault} class="small">
            {fault}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Toml({ text, label }: { text: string; label: string }) {
  return (
    <pre class="devices-toml" tabIndex={0} role="region" aria-label={label}>
      {text}
    </pre>
  );
}

export function SiteField({ sites, chosen, onChoose }: { sites: readonly Site[]; chosen: string; onChoose: (site: string) => void }) {
  return (
    <SelectField label={t("devices.site")} value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
      {sites.map((site) => (
        <option key={site.id} value={site.id}>
          {local(site.name)}
        </option>
      ))}
    </SelectField>
  );
}
