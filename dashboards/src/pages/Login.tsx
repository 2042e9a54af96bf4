// Who are you: name and password, and afterwards back to where one was.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { login } from "../api/calls";
import { HubError } from "../api/client";
import { type Lang, isLang, lang, local, t } from "../i18n";
import { useTitle } from "../lib/title";
import { navigate, query, safeNext } from "../lib/router";
import { commune, session } from "../state/commune";
import { setLang } from "../state/preferences";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { TextField } from "../ui/Field";
import { tooManyTries } from "../ui/sending";
import { toast } from "../ui/Toast";
import "./Login.css";

export function Login() {
  useTitle(t("login.title"));
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  const form = useRef<HTMLFormElement>(null);

  async function submit(event: Event) {
    event.preventDefault();
    if (form.current === null || busy.value) return;
    // Read from the form, not from events: a password manager may fill it without any.
    const data = new FormData(form.current);
    const username = String(data.get("username") ?? "").trim();
    const password = String(data.get("password") ?? "");
    if (username === "" || password === "") {
      fault.value = t("login.required");
      return;
    }
    busy.value = true;
    fault.value = null;
    try {
      session.value = await login(username, password);
      navigate(safeNext(query.peek().get("next")), { replace: true });
    } catch (error) {
      fault.value = faultText(error);
      form.current?.querySelector<HTMLInputElement>("[name=password]")?.select();
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="login">
      <form class="login-form panel" ref={form} onSubmit={submit} noValidate>
        <div>
          <p class="muted">{local(commune.value?.name) || t("app.name")}</p>
          <h1>{t("login.title")}</h1>
        </div>
        {query.value.has("ended") && fault.value === null && <p>{t("login.ended")}</p>}
        <TextField label={t("login.username")} name="username" autoComplete="username" autoCapitalize="none" spellcheck={false} required />
        <TextField label={t("login.password")} name="password" type="password" autoComplete="current-password" required />
        <div role="alert" class="login-fault">{fault.value !== null && <p class="field-fault">{fault.value}</p>}</div>
        <Button kind="main" tall type="submit" busy={busy.value}>
          {t("login.title")}
        </Button>
      </form>
      <LanguageChoice />
    </main>
  );
}

export function LanguageChoice({ unlabelled = true }: { unlabelled?: boolean }) {
  const refused = useSignal(0);
  const choose = async (language: Lang) => {
    if (await setLang(language)) return;
    toast(t("page.failed"));
    refused.value += 1;
  };
  const offered = (commune.value?.languages ?? ["vi", "en"]).filter(isLang);
  const names = { vi: "Tiếng Việt", en: "English" };
  return (
    <Choice
      // Drawn anew where it was refused, so that the language that stays is the one that is marked.
      key={refused.value}
      label={t("more.language")}
      unlabelled={unlabelled}
      chosen={lang.value}
      onChoose={(language) => void choose(language)}
      options={(offered.length > 1 ? offered : (["vi", "en"] as const)).map((value) => ({ value, text: names[value], lang: value }))}
    />
  );
}

function faultText(error: unknown): string {
  if (!(error instanceof HubError) || error.status === 0) return t("page.unreachable");
  if (error.status === 401) return t("login.wrong");
  if (error.status === 429) return tooManyTries(error);
  return t("page.hubError", { status: error.status });
}
