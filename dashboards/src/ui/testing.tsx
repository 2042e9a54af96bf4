// Renders a component into a page of its own for the unit tests.
import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";

/** The element that holds what was rendered. Whatever was rendered before is taken away. */
export function show(view: ComponentChild): HTMLElement {
  document.body.replaceChildren();
  const host = document.createElement("div");
  document.body.append(host);
  act(() => render(view, host));
  return host;
}

/** Visible text with white space made single. */
export function textOf(element: Element | null): string {
  return (element?.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** Does something to the page and waits until it has been drawn. */
export function doing(what: () => void): void {
  act(what);
}
