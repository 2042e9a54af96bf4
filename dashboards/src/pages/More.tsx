// The rest: language, theme, who is logged in, and the way out.
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { later } from "../lib/later";
import { navigate } from "../lib/router";
import { useTitle } from "../lib/title";
import { logout } from "../api/calls";
import { HubError } from "../api/client";
import { commune, mayActAs, session } from "../state/commune";
import { store } from "../state/store";
import { type Theme, setTheme, theme } from "../state/preferences";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { toast } from "../ui/Toast";
import { AlertSettings } from "./AlertSettings";
import { LanguageChoice } from "./Login";
import "./More.css";

/** Pages that are not among the main entries, and who may see them. */
const PAGES = [
  { href: "/year", title: "year.title", short: "year.short", role: "viewer" },
  { href: "/compliance", title: "compliance.title", short: "compliance.short", role: "viewer" },
  { href: "/quality", title: "dataquality.title", short: "dataquality.short", role: "viewer" },
  { href: "/map", title: "map.title", short: "map.short", role: "viewer" },
  { href: "/rules", title: "rules.title", short: "rules.short", role: "integrator" },
  { href: "/notices", title: "notices.title", short: "notices.short", role: "staff" },
  { href: "/arriving", title: "arriving.title", short: "arriving.short", role: "integrator" },
  { href: "/devices", title: "devices.title", short: "devices.short", role: "integrator" },
  { href: "/buses", title: "buses.title", short: "buses.short", role: "integrator" },
  { href: "/sites/_hub", title: "own.title", short: "own.short", role: "viewer" },
  { href: "/accounts", title: "accounts.title", short: "accounts.short", role: "viewer" },
] as const;
const THEMES: readonly Theme[] = ["system", "light", "dark"];

const forwards = later(() => import("./Forwards"));

export default function More() {
  useTitle(t("nav.more"));
  const who = session.value;
  return (
    <>
      <h1>{t("nav.more")}</h1>
      <nav class="panel more-pages" aria-label={t("more.pages")}>
        {PAGES.filter(({ role }) => mayActAs(role)).map(({ href, title, short }) => (
          <a key={href} href={href} class="more-page">
            <strong>{t(title)}</strong>
            <span class="small muted">{t(short)}</span>
          </a>
        ))}
      </nav>
      <ForwardsCard />
      <div class="more panel">
        <LanguageChoice unlabelled={false} />
        <Choice
          label={t("more.theme")}
          chosen={theme.value}
          onChoose={setTheme}
          options={THEMES.map((value) => ({ value, text: t(`more.theme.${value}`) }))}
        />
        <AlertSettings />
        {who != null && (
          <section class="stack-tight" aria-label={t("more.account")}>
            <p>
              <span class="field-label">{t("more.account")}</span>
              <br />
              {who.username} <span class="muted">({t(`role.${who.role}`)})</span>
            </p>
            <div>
              <Button onClick={leave}>{t("more.logout")}</Button>
            </div>
          </section>
        )}
      </div>
      {commune.value !== null && <p class="small muted">{t("more.version", { version: commune.value.version })}</p>}
    </>
  );
}

async function leave() {
  try {
    await logout();
  } catch (error) {
    // Without the hub's word the session still stands: saying otherwise would be a lie on a shared machine.
    if (!(error instanceof HubError) || error.status !== 401) {
      toast(t("page.unreachable"));
      return;
    }
  }
  session.value = null;
  store.clear();
  navigate("/login");
}

/** Nothing until its code is here: most hubs forward nothing, and the card is then empty. */
function ForwardsCard() {
  const loaded = useSignal<ComponentType | null>(null);
  useEffect(() => {
    forwards().then(
      (module) => (loaded.value = module.default),
      () => {},
    );
  }, []);
  const Card = loaded.value;
  return Card === null ? null : <Card />;
}
