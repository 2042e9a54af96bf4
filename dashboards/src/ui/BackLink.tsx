// The way up to the list that a page belongs to.
import type { ComponentChildren } from "preact";
import "./BackLink.css";

export function BackLink({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a class="back-link no-print" href={href}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d="M10 3 5 8l5 5" />
      </svg>
      {children}
    </a>
  );
}
