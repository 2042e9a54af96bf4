// The first step of adding a device: which kind it is, with the source of its figures and what of them is unverified.
import { useSignal } from "@preact/signals";
import type { Profile, Quantity } from "../../api/devices";
import { count, local, t } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";

export interface ProfileStepProps {
  profiles: readonly Profile[];
  /** By their names a kind is found, too. */
  quantities: readonly Quantity[];
  /** `null`: not chosen yet; empty: none of them. */
  chosen: string | null;
  onChoose: (profile: string | null) => void;
  fault: string | null;
}

function wordsOf(profile: Profile, quantities: readonly Quantity[]): string {
  const ofPoints = profile.points.flatMap((point) => {
    const measured = quantities.find((each) => each.code === point.quantity);
    return [point.id, point.quantity, point.name?.vi, measured?.name.vi, measured?.name.en];
  });
  return [profile.id, profile.name.vi, profile.name.en, ...ofPoints].join(" ").toLowerCase();
}

export function ProfileStep({ profiles, quantities, chosen, onChoose, fault }: ProfileStepProps) {
  const search = useSignal("");
  const profile = profiles.find((each) => each.id === chosen);
  const wanted = search.value.trim().toLowerCase().split(/\s+/);
  const found = profiles.filter((each) => wanted.every((word) => wordsOf(each, quantities).includes(word)));
  return (
    <section class="panel devices-panel stack-tight" aria-labelledby="step-profile">
      <h2 id="step-profile">{t("devices.step.profile")}</h2>
      {chosen !== null ? (
        <>
          {profile === undefined ? <p>{t("devices.noProfile")}</p> : <About profile={profile} />}
          <div>
            <Button onClick={() => onChoose(null)}>{t("devices.change")}</Button>
          </div>
        </>
      ) : (
        <>
          <TextField label={t("devices.search")} type="search" value={search.value} fault={fault} onInput={(event) => (search.value = event.currentTarget.value)} />
          <ul class="devices-profiles">
            {found.map((each) => (
              <li key={each.id}>
                <button type="button" class="devices-profile" onClick={() => onChoose(each.id)}>
                  <About profile={each} />
                </button>
              </li>
            ))}
            {found.length === 0 && <li class="muted devices-row">{t("devices.noMatch")}</li>}
            <li>
              <button type="button" class="devices-profile" onClick={() => onChoose("")}>
                <strong>{t("devices.noProfile")}</strong>
                <span class="small muted">{t("devices.noProfileHint")}</span>
              </button>
            </li>
          </ul>
        </>
      )}
    </section>
  );
}

function About({ profile }: { profile: Profile }) {
  return (
    <span class="devices-about">
      <strong>{local(profile.name)}</strong>
      <span class="small muted">
        {count("devices.points", profile.points.length)} · <code>{profile.id}</code>
        {!profile.shipped && ` · ${t("devices.own")}`}
      </span>
      {profile.unverified.map((what) => (
        <span key={what.en} class="small devices-unverified">
          <span aria-hidden="true">◇ </span>
          {t("devices.unverified", { what: local(what) })}
        </span>
      ))}
      {profile.sources.map((source) => (
        <span key={source.en} class="small muted">
          {t("devices.source", { source: local(source) })}
        </span>
      ))}
    </span>
  );
}
