// How this device tells of new alarms while a page is open: nothing unless somebody asks for it here.
import { useSignal } from "@preact/signals";
import type { Priority } from "../api/types";
import { t } from "../i18n";
import { alertWishes, noticeState, ring, setAlertWishes } from "../state/alerts";
import { Button } from "../ui/Button";
import { SelectField } from "../ui/Field";

const PRIORITIES: readonly Priority[] = ["critical", "high", "medium", "low"];

export function AlertSettings() {
  const { sound, notice, from } = alertWishes.value;
  const allowed = useSignal(noticeState());

  async function wishNotice(wished: boolean) {
    setAlertWishes({ notice: wished });
    if (wished && allowed.value === "default") allowed.value = await Notification.requestPermission();
  }

  return (
    <section class="stack-tight" aria-labelledby="alerts-title">
      <h2 id="alerts-title" class="field-label">
        {t("alerts.title")}
      </h2>
      <p class="small muted">{t("alerts.hint")}</p>
      <label class="more-check">
        <input
          type="checkbox"
          checked={sound}
          onChange={(event) => {
            setAlertWishes({ sound: event.currentTarget.checked });
            // By this touch the browser lets it sound later.
            if (event.currentTarget.checked) ring(from);
          }}
        />
        {t("alerts.sound")}
      </label>
      <label class="more-check">
        <input type="checkbox" checked={notice && allowed.value !== "impossible"} disabled={allowed.value === "impossible"} onChange={(event) => void wishNotice(event.currentTarget.checked)} />
        {t("alerts.notice")}
      </label>
      {allowed.value === "impossible" && <p class="small muted">{t("alerts.impossible")}</p>}
      {notice && allowed.value === "denied" && <p class="small muted">{t("alerts.blocked")}</p>}
      {(sound || notice) && (
        <div class="row more-alerts">
          <SelectField label={t("alerts.from")} value={from} onChange={(event) => setAlertWishes({ from: event.currentTarget.value as Priority })}>
            {PRIORITIES.map((each) => (
              <option key={each} value={each} selected={each === from}>
                {t(`priority.${each}`)}
              </option>
            ))}
          </SelectField>
          {sound && <Button onClick={() => ring(from)}>{t("alerts.try")}</Button>}
        </div>
      )}
    </section>
  );
}
