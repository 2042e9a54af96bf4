// Fingers and wheel on a chart: one finger moves the time, two pinch it, Ctrl and the wheel zoom about the pointer.
// While they move, the chart follows at once; the address, and with it the data, when they rest.
import type uPlot from "uplot";

export interface Gestures {
  /** Every panel follows while fingers move. */
  onPreview: (from: number, to: number) => void;
  onSettled: (from: number, to: number) => void;
}

/** The wheel has no end of its own: this long without a turn is one. */
const WHEEL_REST_MS = 250;
const LEAST_MOVE_PX = 8;

export function addGestures(u: uPlot, { onPreview, onSettled }: Gestures): () => void {
  const fingers = new Map<number, number>();
  let start: { places: number[]; from: number; to: number } | null = null;
  let shown: { from: number; to: number } | null = null;
  let rest: ReturnType<typeof setTimeout> | undefined;
  const ends = () => ({ from: u.scales["x"]?.min ?? 0, to: u.scales["x"]?.max ?? 0 });
  const placeOf = (event: { clientX: number }) => event.clientX - u.over.getBoundingClientRect().left;

  const begin = () => {
    start = fingers.size === 0 ? null : { places: [...fingers.values()], ...ends() };
  };
  const down = (event: PointerEvent) => {
    if (event.pointerType !== "touch") return;
    // uPlot takes a press for the begin of a selection; fingers move the time instead.
    event.stopPropagation();
    fingers.set(event.pointerId, placeOf(event));
    begin();
  };
  const move = (event: PointerEvent) => {
    if (start === null || !fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, placeOf(event));
    const next = moved(start, [...fingers.values()], u.over.clientWidth);
    if (next === null) return;
    shown = next;
    onPreview(next.from, next.to);
  };
  const up = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId)) return;
    begin();
    if (fingers.size > 0 || shown === null) return;
    const { from, to } = shown;
    shown = null;
    onSettled(from, to);
  };
  const wheel = (event: WheelEvent) => {
    // Without Ctrl the wheel scrolls the page, as everywhere. A trackpad's pinch comes as Ctrl and wheel.
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { from, to } = ends();
    const about = from + ((to - from) * placeOf(event)) / u.over.clientWidth;
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 100)) * 0.3);
    const next = { from: about - (about - from) * factor, to: about + (to - about) * factor };
    onPreview(next.from, next.to);
    clearTimeout(rest);
    rest = setTimeout(() => onSettled(next.from, next.to), WHEEL_REST_MS);
  };

  u.over.style.touchAction = "pan-y";
  u.over.addEventListener("pointerdown", down, true);
  u.over.addEventListener("pointermove", move);
  u.over.addEventListener("pointerup", up);
  u.over.addEventListener("pointercancel", up);
  u.over.addEventListener("wheel", wheel, { passive: false });
  return () => clearTimeout(rest);
}

/** Where the ends lie after fingers have moved from their first places; `null` while nothing has moved far enough. */
export function moved(
  start: { places: readonly number[]; from: number; to: number },
  places: readonly number[],
  widthPx: number,
): { from: number; to: number } | null {
  const perPx = (start.to - start.from) / widthPx;
  const [a = 0, b] = start.places;
  const [x = 0, y] = places;
  if (b === undefined || y === undefined) {
    if (Math.abs(x - a) < LEAST_MOVE_PX) return null;
    return { from: start.from - (x - a) * perPx, to: start.to - (x - a) * perPx };
  }
  // What lay under each finger stays there.
  const [before, after] = [Math.abs(b - a), Math.abs(y - x)];
  if (after < 20 || before < 20) return null;
  const scale = before / after;
  const middleBefore = start.from + ((a + b) / 2) * perPx;
  const from = middleBefore - ((x + y) / 2) * perPx * scale;
  return { from, to: from + (start.to - start.from) * scale };
}
