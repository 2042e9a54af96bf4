// A short word on what has just been done, at the foot of the page, read out politely. It goes by itself.
import { signal } from "@preact/signals";
import { t } from "../i18n";
import "./Toast.css";

export interface Notice {
  id: number;
  text: string;
}

const SHOWN_MS = 6_000;
/** More than this at once would hide the page: the oldest goes. */
const MOST_SHOWN = 3;

const notices = signal<readonly Notice[]>([]);
let lastId = 0;

export function toast(text: string): void {
  const notice = { id: ++lastId, text };
  notices.value = [...notices.value, notice].slice(-MOST_SHOWN);
  setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Where notices appear. Stands once in the page, always, so that screen readers notice what comes. */
export function Toasts() {
  return (
    <div class="toasts no-print" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <ToastView key={notice.id} text={notice.text} onDismiss={() => dismiss(notice.id)} />
      ))}
    </div>
  );
}

export function ToastView({ text, onDismiss }: { text: string; onDismiss: () => void }) {
  return (
    <div class="toast">
      <span>{text}</span>
      <button type="button" class="toast-dismiss" aria-label={t("toast.dismiss")} onClick={onDismiss}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M3 3l10 10M13 3 3 13" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />
        </svg>
      </button>
    </div>
  );
}
