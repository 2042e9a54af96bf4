// What a place says when it has nothing to show yet, nothing at all, or could not get it.
import type { ComponentChildren } from "preact";
import type { HubError } from "../api/client";
import { t } from "../i18n";
import { Button } from "./Button";
import "./States.css";

/** Nothing there, and what that means. */
export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {hint !== undefined && <p class="muted">{hint}</p>}
      {children}
    </div>
  );
}

/** Grey rows of the size of what comes, so that nothing jumps when it does. */
export function Loading({ rows = 3, height = 64 }: { rows?: number; height?: number }) {
  return (
    <div class="loading" role="status" aria-label={t("app.loading")}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="loading-row" style={{ height: `${height}px` }} />
      ))}
    </div>
  );
}

/** It could not be fetched, and the way to try again. */
export function Failed({ error, onRetry }: { error: HubError | null; onRetry: () => void }) {
  const detail = error === null || error.status === 0 ? t("page.unreachable") : t("page.hubError", { status: error.status });
  return (
    <div class="state" role="alert">
      <p class="state-title">{t("page.failed")}</p>
      <p class="muted">{detail}</p>
      <Button onClick={onRetry}>{t("page.retry")}</Button>
    </div>
  );
}

/** What is shown is not up to date, and since when. */
export function Stale({ time, onRetry }: { time: string; onRetry: () => void }) {
  return (
    <div class="state-stale hatched" role="status">
      <span>{t("page.stale", { time })}</span>
      <Button onClick={onRetry}>{t("page.retry")}</Button>
    </div>
  );
}
