// Whether a part of the page is on the screen or close to it, so that long lists work only where somebody looks.
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** So far beyond the screen a part already counts as near: it is ready when it comes into sight. */
const MARGIN = "400px";

const parts = new Map<Element, Signal<boolean>>();
let observer: IntersectionObserver | null = null;

function watcher(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        const near = parts.get(target);
        if (near !== undefined) near.value = isIntersecting;
      }
    },
    { rootMargin: MARGIN },
  );
  return observer;
}

// Paper shows all of it, as it is now.
globalThis.addEventListener?.("beforeprint", () => {
  for (const near of parts.values()) near.value = true;
});
globalThis.addEventListener?.("afterprint", () => {
  observer?.disconnect();
  for (const part of parts.keys()) observer?.observe(part);
});

/** `first` stands until the browser has said where the part is. */
export function useNear(part: RefObject<Element | null>, first: boolean): Signal<boolean> {
  const near = useSignal(first);
  useEffect(() => {
    const element = part.current;
    if (element === null) return;
    parts.set(element, near);
    watcher().observe(element);
    return () => {
      parts.delete(element);
      watcher().unobserve(element);
    };
  }, []);
  return near;
}
