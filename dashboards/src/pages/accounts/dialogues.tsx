// The questions of the accounts' page: a user, a token, a password.
import { useSignal } from "@preact/signals";
import { addToken, addUser, changePassword, changeUser } from "../../api/accounts";
import { HubError } from "../../api/client";
import type { MadeToken, Role, User } from "../../api/types";
import { t } from "../../i18n";
import { navigate } from "../../lib/router";
import { session } from "../../state/commune";
import { store } from "../../state/store";
import { Button } from "../../ui/Button";
import { Dialogue } from "../../ui/Dialogue";
import { FormActions, FormFault } from "../../ui/FormEnd";
import { SelectField, TextField } from "../../ui/Field";
import { toast } from "../../ui/Toast";
import { useSending } from "../../ui/sending";
import { accountFault } from "./Accounts";

const ROLES: readonly Role[] = ["viewer", "staff", "officer", "integrator", "admin"];

function RoleField({ chosen, onChoose }: { chosen: Role; onChoose: (role: Role) => void }) {
  return (
    <SelectField label={t("accounts.role")} value={chosen} onChange={(event) => onChoose(ROLES.find((role) => role === event.currentTarget.value) ?? chosen)}>
      {ROLES.map((role) => (
        <option key={role} value={role} selected={role === chosen}>
          {t(`role.${role}`)}
        </option>
      ))}
    </SelectField>
  );
}

/** A new user, or one to be changed. */
export function UserDialogue({ user, onClose, onDone }: { user: User | null; onClose: () => void; onDone: () => void }) {
  const name = useSignal(user?.name ?? "");
  const role = useSignal<Role>(user?.role ?? "staff");
  const password = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    if (user === null) await addUser(name.value.trim(), role.value, password.value);
    else await changeUser(user.name, { role: role.value, ...(password.value === "" ? {} : { password: password.value }) });
    onDone();
  }, accountFault);
  return (
    <Dialogue title={user === null ? t("accounts.addUser") : t("accounts.changeUser", { name: user.name })} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {user === null && (
          <TextField
            label={t("accounts.name")}
            name="name"
            autoComplete="off"
            autoCapitalize="none"
            maxLength={64}
            required
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        )}
        <RoleField chosen={role.value} onChoose={(chosen) => (role.value = chosen)} />
        <div>
          <TextField
            label={user === null ? t("login.password") : t("accounts.newPassword")}
            name="password"
            type="password"
            autoComplete="new-password"
            required={user === null}
            value={password.value}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
          <p class="small muted">{user === null ? t("accounts.passwordHint") : t("accounts.keepPassword")}</p>
        </div>
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={user === null ? t("accounts.add") : t("dialogue.send")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}

/** Makes a token and shows it, this once. */
export function TokenDialogue({ onClose }: { onClose: () => void }) {
  const name = useSignal("");
  const role = useSignal<Role>("viewer");
  const made = useSignal<MadeToken | null>(null);
  const { busy, fault, submit } = useSending(async () => {
    made.value = await addToken(name.value.trim(), role.value);
  }, accountFault);
  if (made.value !== null) {
    return (
      <Dialogue title={t("accounts.addToken")} onClose={onClose}>
        <div class="stack">
          <p>{t("accounts.made")}</p>
          <code class="accounts-secret">{made.value.token}</code>
          {role.value === "viewer" && (
            <>
              <p>{t("accounts.wallAddress")}</p>
              <code class="accounts-secret">{`${location.origin}/wall#${made.value.token}`}</code>
            </>
          )}
          <div class="dialogue-actions">
            <Button kind="main" onClick={onClose}>
              {t("dialogue.done")}
            </Button>
          </div>
        </div>
      </Dialogue>
    );
  }
  return (
    <Dialogue title={t("accounts.addToken")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <TextField label={t("accounts.tokenName")} name="name" autoComplete="off" maxLength={64} required value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        <RoleField chosen={role.value} onChoose={(chosen) => (role.value = chosen)} />
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={t("accounts.add")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}

/** One's own password; afterwards every session of the account has ended. */
export function PasswordDialogue({ onClose }: { onClose: () => void }) {
  const current = useSignal("");
  const password = useSignal("");
  const { busy, fault, submit } = useSending(async () => {
    await changePassword(current.value, password.value);
    toast(t("accounts.passwordChanged"));
    session.value = null;
    store.clear();
    navigate("/login");
  }, passwordFault);
  return (
    <Dialogue title={t("accounts.changePassword")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <TextField label={t("accounts.currentPassword")} name="current" type="password" autoComplete="current-password" required value={current.value} onInput={(event) => (current.value = event.currentTarget.value)} />
        <div>
          <TextField label={t("accounts.newPassword")} name="password" type="password" autoComplete="new-password" required value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />
          <p class="small muted">{t("accounts.passwordHint")}</p>
        </div>
        <FormFault text={fault.value} />
        <FormActions busy={busy.value} text={t("accounts.changePassword")} onClose={onClose} />
      </form>
    </Dialogue>
  );
}

function passwordFault(error: unknown): string {
  return error instanceof HubError && error.status === 400 ? t("accounts.wrongPassword") : accountFault(error);
}
