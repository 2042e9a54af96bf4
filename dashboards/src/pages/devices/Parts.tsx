// Parts that these pages share: what is wrong, and a text of configuration.
import { t } from "../../i18n";

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
