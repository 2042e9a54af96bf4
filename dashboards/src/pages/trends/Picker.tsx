// Choosing points: all of them by site, found by name, as many as there are colours.
import { useSignal } from "@preact/signals";
import type { Point } from "../../api/types";
import { local, pointName, t } from "../../i18n";
import { unitSign } from "../../i18n/units";
import { setQuery } from "../../lib/router";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { Dialogue } from "../../ui/Dialogue";
import { TextField } from "../../ui/Field";
import { MOST_POINTS } from "./view";

export interface PickerProps {
  chosen: readonly string[];
  all: readonly Point[];
  onClose: () => void;
}

export function Picker({ chosen, all, onClose }: PickerProps) {
  const wanted = useSignal<readonly string[]>(chosen);
  const text = useSignal("");
  const full = wanted.value.length >= MOST_POINTS;
  const sites = (store.sites.value ?? []).map((site) => ({
    site,
    points: all.filter((point) => point.site === site.id && matches(text.value, pointName(point), local(site.name), point.id)),
  }));
  const toggle = (id: string) => {
    wanted.value = wanted.value.includes(id) ? wanted.value.filter((each) => each !== id) : [...wanted.value, id];
  };
  return (
    <Dialogue title={t("trends.choose")} onClose={onClose}>
      <form
        class="stack-tight picker"
        onSubmit={(event) => {
          event.preventDefault();
          setQuery({ p: wanted.value }, { step: true });
          onClose();
        }}
      >
        <p class="small muted" role="status">
          {full ? t("trends.full", { n: MOST_POINTS }) : t("trends.chooseHint", { chosen: wanted.value.length, n: MOST_POINTS })}
        </p>
        <TextField label={t("trends.search")} type="search" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
        <div class="picker-list">
          {sites.every(({ points }) => points.length === 0) && <p class="muted">{t("trends.noMatch")}</p>}
          {sites.map(
            ({ site, points }) =>
              points.length > 0 && (
                <fieldset key={site.id} class="picker-site">
                  <legend class="field-label">{local(site.name)}</legend>
                  {points.map((point) => {
                    const isChosen = wanted.value.includes(point.id);
                    return (
                      <label key={point.id} class="picker-point">
                        <input type="checkbox" checked={isChosen} disabled={full && !isChosen} onChange={() => toggle(point.id)} />
                        <span>
                          {pointName(point)} <span class="small muted">{unitSign(point.unit)}</span>
                        </span>
                      </label>
                    );
                  })}
                </fieldset>
              ),
          )}
        </div>
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit">
            {t("dialogue.done")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}

/** Whether all words typed are found, whatever their marks: "do duc" finds "Độ đục". */
export function matches(typed: string, ...texts: readonly string[]): boolean {
  const whole = plain(texts.join(" "));
  return plain(typed)
    .split(/\s+/)
    .every((word) => whole.includes(word));
}

const plain = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
