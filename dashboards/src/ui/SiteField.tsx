// The choice of a site. One that the address names and that is not there any more is said, whatever is shown instead.
import type { Site } from "../api/types";
import { local, t } from "../i18n";
import { query } from "../lib/router";
import { HUB_SITE } from "../state/own";
import { SelectField } from "./Field";

export interface SiteFieldProps {
  /** `null` while they are not there yet. */
  sites: readonly Site[] | null;
  /** The one that is shown; `null` for all of them, where that may be chosen. */
  chosen: string | null;
  withAny?: boolean;
  onSite: (id: string | null) => void;
}

export function SiteField({ sites, chosen, withAny = false, onSite }: SiteFieldProps) {
  const asked = query.value.get("site");
  const isGone = sites !== null && asked !== null && asked !== "" && asked !== HUB_SITE && !sites.some(({ id }) => id === asked);
  return (
    <SelectField label={t("alarms.site")} value={chosen ?? ""} fault={isGone ? t("site.notFound") : null} onChange={(event) => onSite(event.currentTarget.value || null)}>
      {withAny && (
        <option value="" selected={chosen === null}>
          {t("alarms.anySite")}
        </option>
      )}
      {sites?.map(({ id, name }) => (
        <option key={id} value={id} selected={id === chosen}>
          {local(name)}
        </option>
      ))}
    </SelectField>
  );
}
