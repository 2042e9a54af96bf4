// The first start: with the code that the hub has printed, the first administrator is made.
import { useSignal } from "@preact/signals";
import { setUp } from "../../api/accounts";
import { getCommune, login } from "../../api/calls";
import { HubError } from "../../api/client";
import { local, t } from "../../i18n";
import { navigate } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { commune, session } from "../../state/commune";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { tooManyTries, useSending } from "../../ui/sending";
import "../Login.css";

export default function SetupPage() {
  useTitle(t("setup.title"));
  const code = useSignal("");
  const name = useSignal("");
  const password = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    await setUp(code.value, name.value.trim(), password.value);
    commune.value = await getCommune();
    session.value = await login(name.value.trim(), password.value);
    navigate("/", { replace: true });
  }, setupFault);
  return (
    <main class="login">
      <form class="login-form panel" onSubmit={submit}>
        <div>
          <p class="muted">{local(commune.value?.name) || t("app.name")}</p>
          <h1>{t("setup.title")}</h1>
        </div>
        <p class="small">{t("setup.hint")}</p>
        <TextField label={t("setup.code")} name="code" autoComplete="off" autoCapitalize="none" required value={code.value} onInput={(event) => (code.value = event.currentTarget.value)} />
        <TextField label={t("accounts.name")} name="username" autoComplete="username" autoCapitalize="none" maxLength={64} required value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        <div>
          <TextField label={t("login.password")} name="password" type="password" autoComplete="new-password" required value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />
          <p class="small muted">{t("accounts.passwordHint")}</p>
        </div>
        {fault.value !== null && (
          <p class="field-fault" role="alert">
            {fault.value}
          </p>
        )}
        <Button kind="main" tall type="submit" busy={busy.value}>
          {t("setup.submit")}
        </Button>
      </form>
    </main>
  );
}

function setupFault(error: unknown): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 0) return t("page.unreachable");
  if (status === 400) return t("setup.wrong");
  if (error instanceof HubError && status === 429) return tooManyTries(error);
  return t("alarm.failed");
}
