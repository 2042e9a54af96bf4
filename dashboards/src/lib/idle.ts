// What may wait until the page has been drawn and can be operated.

/** A browser that cannot say when it is idle is taken to be so after this time. */
const SURELY_MS = 500;

/** Does the work when what has been drawn is on the screen and the browser has nothing else to do; returns how to call it off. */
export function whenIdle(work: () => void): () => void {
  let callOff = () => cancelAnimationFrame(frame);
  const frame = requestAnimationFrame(() => (callOff = idle(work)));
  return () => callOff();
}

function idle(work: () => void): () => void {
  if (!("requestIdleCallback" in globalThis)) {
    const timer = setTimeout(work, SURELY_MS);
    return () => clearTimeout(timer);
  }
  const asked = requestIdleCallback(work, { timeout: SURELY_MS });
  return () => cancelIdleCallback(asked);
}
