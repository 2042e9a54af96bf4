// A message's payload, and the points that could be configured for it, each to be copied.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { HubError } from "../../api/client";
import { type PayloadSample, type PointProposal, propose } from "../../api/mqtt";
import { t } from "../../i18n";
import { formatNumber } from "../../i18n/units";
import { Button } from "../../ui/Button";
import { toast } from "../../ui/Toast";

export function Payload({ topic, sample }: { topic: string; sample: PayloadSample }) {
  const found = useSignal<PointProposal[] | null>(null);
  const isWhole = sample.is_hex ? sample.text.length === 2 * sample.bytes : sample.text.length >= sample.bytes || sample.bytes <= 2_048;
  const ask = async () => {
    try {
      found.value = await propose(topic, sample);
    } catch (error) {
      toast(error instanceof HubError && error.status !== 0 ? t("page.hubError", { status: error.status }) : t("page.unreachable"));
    }
  };
  return (
    <div class="stack-tight arriving-open">
      <p class="field-label">{t(sample.is_hex ? "arriving.hex" : "arriving.payload")}</p>
      <pre class="arriving-text" tabIndex={0}>
        {pretty(sample)}
      </pre>
      {!isWhole && <p class="small muted">{t("arriving.cut", { n: sample.bytes })}</p>}
      {isWhole ? (
        <div>
          <Button onClick={() => void ask()}>{t("arriving.propose")}</Button>
        </div>
      ) : (
        <p class="small muted">{t("arriving.cutProposal")}</p>
      )}
      {found.value !== null && <Proposals found={found.value} />}
    </div>
  );
}

/** JSON with a line for each member, so that it can be read; anything else as it came. */
function pretty({ text, is_hex }: PayloadSample): string {
  if (is_hex) return text.replace(/(..)/g, "$1 ").trim();
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Proposals({ found }: { found: PointProposal[] }) {
  if (found.length === 0) return <p class="muted">{t("arriving.noProposal")}</p>;
  return (
    <ul class="arriving-proposals" aria-label={t("arriving.proposals")}>
      {found.map((each) => (
        <Proposal key={each.path} proposal={each} />
      ))}
    </ul>
  );
}

function Proposal({ proposal: { path, value, toml } }: { proposal: PointProposal }) {
  const text = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(toml);
      toast(t("arriving.copied"));
    } catch {
      // Browsers give the clipboard to pages over https only.
      if (text.current !== null) getSelection()?.selectAllChildren(text.current);
      toast(t("arriving.selected"));
    }
  };
  const name = path === "" ? t("arriving.payload") : path;
  return (
    <li class="stack-tight">
      <div class="row row-ends">
        <span>
          <strong class="arriving-path">{name}</strong> <span class="muted figures">{t("arriving.value", { value: formatNumber(value, decimals(value)) })}</span>
        </span>
        <Button aria-label={t("arriving.copyOf", { path: name })} onClick={() => void copy()}>
          {t("arriving.copy")}
        </Button>
      </div>
      <pre class="arriving-text" ref={text} tabIndex={0}>
        {toml}
      </pre>
    </li>
  );
}

/** As many decimals as the number has, at most six. */
const decimals = (value: number) => Math.min(6, (String(value).split(".")[1] ?? "").length);
