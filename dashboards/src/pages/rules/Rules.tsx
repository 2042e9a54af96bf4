// The alarm rules: each with its state, what it watches, its open alarms, its version and its fault; and the way to a new one.
import { useSignal } from "@preact/signals";
import { getRules } from "../../api/rules";
import type { Rule } from "../../api/types";
import { count, local, t } from "../../i18n";
import { useResource } from "../../lib/resource";
import { navigate } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { Button } from "../../ui/Button";
import { Dialogue } from "../../ui/Dialogue";
import { TextField } from "../../ui/Field";
import { Help } from "../../ui/Help";
import { Empty, Failed, Loading } from "../../ui/States";
import { StatusMark } from "../../ui/StatusMark";
import "./texts";
import { faultWords } from "./whyText";
import "./Rules.css";

/** As the hub wants an id. */
const NAME = /^[a-z0-9_-]{1,64}$/;
const VERSION_SHOWN = 8;

export default function Rules() {
  useTitle(t("rules.title"));
  const [found, reload] = useResource("rules", getRules);
  const naming = useSignal(false);
  const { data, error } = found.value;
  return (
    <>
      <div class="row row-ends">
        <div>
          <h1>{t("rules.title")}</h1>
          <Help text={t("rules.help")} />
        </div>
        <Button kind="main" onClick={() => (naming.value = true)}>
          {t("rules.new")}
        </Button>
      </div>
      {data === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={6} height={72} />
      ) : data.length === 0 ? (
        <Empty title={t("rules.none")} />
      ) : (
        <ul class="panel rules-list">
          {data.map((rule) => (
            <RuleRow key={rule.id} rule={rule} />
          ))}
        </ul>
      )}
      {naming.value && <NameDialogue onClose={() => (naming.value = false)} />}
    </>
  );
}

function RuleRow({ rule }: { rule: Rule }) {
  return (
    <li class="rules-row">
      <a href={`/rules/${rule.id}`} class="rules-title">
        <strong>{local(rule.title)}</strong>
        <code class="small muted">{rule.id}</code>
      </a>
      <span class="rules-state">
        <RuleState rule={rule} />
      </span>
      <p class="small muted figures rules-facts">
        <StatusMark status={rule.priority} quiet />
        <span>{rule.subjects === 0 && rule.on ? t("rules.watchesNothing") : count("rules.subjects", rule.subjects)}</span>
        {rule.active > 0 && <a class="tall" href="/alarms">{count("rules.active", rule.active)}</a>}
        {rule.version !== "" && <span>{t("rules.version", { version: rule.version.slice(0, VERSION_SHOWN) })}</span>}
      </p>
      {rule.fault !== null && (
        <p class="small rules-fault">
          {t("rules.faultAt", { line: rule.fault.line, message: faultWords(rule.fault) })}
        </p>
      )}
    </li>
  );
}

function RuleState({ rule }: { rule: Rule }) {
  if (!rule.on) return <StatusMark status="calm" word={t("rules.state.off")} />;
  if (rule.fault !== null) return <StatusMark status="fail" word={t("rules.state.fault")} />;
  return <StatusMark status="well" word={t("rules.state.on")} />;
}

function NameDialogue({ onClose }: { onClose: () => void }) {
  const name = useSignal("");
  const fault = useSignal<string | null>(null);
  return (
    <Dialogue title={t("rules.new")} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (NAME.test(name.value)) navigate(`/rules/${name.value}`);
          else fault.value = t("rules.newWrong");
        }}
      >
        <TextField
          label={t("rules.newName")}
          value={name.value}
          fault={fault.value}
          maxLength={80}
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          onInput={(event) => (name.value = event.currentTarget.value.trim())}
        />
        <p class="small muted">{t("rules.newHint")}</p>
        <div class="dialogue-actions">
          <Button onClick={onClose}>{t("dialogue.cancel")}</Button>
          <Button kind="main" type="submit">
            {t("rules.begin")}
          </Button>
        </div>
      </form>
    </Dialogue>
  );
}
