// Accounts: one's own sessions and password; for officers who did what (Audit.tsx); for administrators users and tokens.
import { useSignal } from "@preact/signals";
import { endSession, getOpenSessions, getTokens, getUsers, removeUser, revokeToken } from "../../api/accounts";
import { HubError } from "../../api/client";
import type { Role, User } from "../../api/types";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { type Resource, useResource } from "../../lib/resource";
import { useTitle } from "../../lib/title";
import { hubNow } from "../../state/clock";
import { mayActAs } from "../../state/commune";
import { Button } from "../../ui/Button";
import { ConfirmDialogue } from "../../ui/FormEnd";
import { Help } from "../../ui/Help";
import { Failed, Loading } from "../../ui/States";
import { toast } from "../../ui/Toast";
import { Audit } from "./Audit";
import { PasswordDialogue, TokenDialogue, UserDialogue } from "./dialogues";
import { tooManyTries } from "../../ui/sending";
import "./Accounts.css";

export default function AccountsPage() {
  useTitle(t("accounts.title"));
  const admin = mayActAs("admin");
  return (
    <>
      <div>
        <h1>{t("accounts.title")}</h1>
        <Help text={t(admin ? "accounts.help" : "accounts.help.own")} />
      </div>
      {admin && <Users />}
      <Sessions />
      {admin && <Tokens />}
      {mayActAs("officer") && <Audit />}
    </>
  );
}

/** What a part shows while its list is not there. */
function waiting<T>(found: Resource<T>, reload: () => void) {
  return found.error !== null ? <Failed error={found.error} onRetry={reload} /> : <Loading rows={2} />;
}

export const roleText = (role: Role | null) => (role === null ? "–" : t(`role.${role}`));

export function accountFault(error: unknown): string {
  const status = error instanceof HubError ? error.status : -1;
  if (status === 0) return t("page.unreachable");
  if (status === 409) return t("accounts.taken");
  if (status === 400) return t("accounts.invalid");
  if (error instanceof HubError && status === 429) return tooManyTries(error);
  return status === 403 ? t("alarm.forbidden") : t("alarm.failed");
}

function Users() {
  const [found, reload] = useResource("users", getUsers);
  const asked = useSignal<{ what: "add" } | { what: "change" | "remove"; user: User } | null>(null);
  const close = () => (asked.value = null);
  const done = () => {
    toast(t("records.saved"));
    close();
    reload();
  };
  const { data } = found.value;
  const wish = asked.value;
  return (
    <section class="stack-tight" aria-labelledby="accounts-users">
      <div class="row row-ends">
        <h2 id="accounts-users">{t("accounts.users")}</h2>
        <Button onClick={() => (asked.value = { what: "add" })}>{t("accounts.addUser")}</Button>
      </div>
      {data === null ? (
        waiting(found.value, reload)
      ) : (
        <ul class="panel accounts-list">
          {data.map((user) => (
            <li key={user.name} class="row row-ends" data-user={user.name}>
              <span>
                <strong>{user.name}</strong> <span class="muted">{roleText(user.role)}</span>
              </span>
              <span class="row">
                <Button aria-label={t("accounts.changeUser", { name: user.name })} onClick={() => (asked.value = { what: "change", user })}>
                  {t("records.change")}
                </Button>
                <Button aria-label={t("accounts.removeUser", { name: user.name })} onClick={() => (asked.value = { what: "remove", user })}>
                  {t("records.remove")}
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {wish?.what === "add" && <UserDialogue user={null} onClose={close} onDone={done} />}
      {wish?.what === "change" && <UserDialogue user={wish.user} onClose={close} onDone={done} />}
      {wish?.what === "remove" && (
        <ConfirmDialogue
          title={t("accounts.removeUser", { name: wish.user.name })}
          text={t("accounts.removeSure")}
          action={t("records.remove")}
          send={() => removeUser(wish.user.name)}
          words={accountFault}
          onClose={close}
          onDone={done}
        />
      )}
    </section>
  );
}

/** The latest are shown at once; the others would push tokens and the log out of sight. */
const FEW_SESSIONS = 6;

function Sessions() {
  const [found, reload] = useResource("sessions", getOpenSessions);
  const changing = useSignal(false);
  const all = useSignal(false);
  const { data } = found.value;
  const end = async (id: string) => {
    try {
      await endSession(id);
      reload();
    } catch (error) {
      toast(accountFault(error));
    }
  };
  return (
    <section class="stack-tight" aria-labelledby="accounts-sessions">
      <div class="row row-ends">
        <h2 id="accounts-sessions">{t("accounts.sessions")}</h2>
        <Button onClick={() => (changing.value = true)}>{t("accounts.changePassword")}</Button>
      </div>
      {data === null ? (
        waiting(found.value, reload)
      ) : (
        <ul class="panel accounts-list">
          {data.slice(0, all.value ? data.length : FEW_SESSIONS).map((session) => (
            <li key={session.id} class="row row-ends">
              <span>
                <strong>{session.user}</strong> {session.is_own && <span class="muted">({t("accounts.ownSession")})</span>}
                <br />
                <span class="small muted figures">{t("accounts.used", { time: moment(Date.parse(session.last_used_at), hubNow()) })}</span>
              </span>
              {!session.is_own && (
                <Button aria-label={t("accounts.endSession", { name: session.user })} onClick={() => void end(session.id)}>
                  {t("accounts.end")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {data !== null && data.length > FEW_SESSIONS && !all.value && (
        <div>
          <Button onClick={() => (all.value = true)}>{t("accounts.allSessions", { n: data.length })}</Button>
        </div>
      )}
      {changing.value && <PasswordDialogue onClose={() => (changing.value = false)} />}
    </section>
  );
}

function Tokens() {
  const [found, reload] = useResource("tokens", getTokens);
  const asked = useSignal<"add" | { revoke: string } | null>(null);
  const close = () => {
    asked.value = null;
    reload();
  };
  const { data } = found.value;
  const wish = asked.value;
  return (
    <section class="stack-tight" aria-labelledby="accounts-tokens">
      <div class="row row-ends">
        <h2 id="accounts-tokens">{t("accounts.tokens")}</h2>
        <Button onClick={() => (asked.value = "add")}>{t("accounts.addToken")}</Button>
      </div>
      <p class="small muted">{t("accounts.tokensHint")}</p>
      {data === null ? (
        waiting(found.value, reload)
      ) : data.length === 0 ? (
        <p class="muted">{t("accounts.noTokens")}</p>
      ) : (
        <ul class="panel accounts-list">
          {data.map((token) => (
            <li key={token.name} class="row row-ends" data-token={token.name}>
              <span>
                <strong>{token.name}</strong> <span class="muted">{roleText(token.role)}</span>
                <br />
                <span class="small muted figures">{moment(Date.parse(token.created_at), hubNow())}</span>
              </span>
              <Button aria-label={t("accounts.revokeToken", { name: token.name })} onClick={() => (asked.value = { revoke: token.name })}>
                {t("accounts.revoke")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {wish === "add" && <TokenDialogue onClose={close} />}
      {wish !== null && wish !== "add" && (
        <ConfirmDialogue
          title={t("accounts.revokeToken", { name: wish.revoke })}
          text={t("accounts.tokensHint")}
          action={t("accounts.revoke")}
          send={() => revokeToken(wish.revoke)}
          words={accountFault}
          onClose={close}
          onDone={close}
        />
      )}
    </section>
  );
}
