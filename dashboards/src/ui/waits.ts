// Stretches of waiting in a trend: before an alarm is raised, and before it ends. Hatched, with their words where there is room.
import type uPlot from "uplot";
import type { LimitLook } from "./limitLines";

/** A stretch in which something had to last, in epoch ms, with words for it. */
export interface Wait {
  from: number;
  to: number;
  words: string;
}

/** Between the strokes of the hatching, and under the words, in CSS pixels. */
const STROKE_PX = 6;
const LINE_PX = 16;

export function drawWaits(u: uPlot, waits: readonly Wait[], { ink, surface, font }: LimitLook): void {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const [left, top, right, bottom] = [bbox.left, bbox.top, bbox.left + bbox.width, bbox.top + bbox.height];
  for (const wait of waits) {
    const start = Math.max(left, u.valToPos(wait.from, "x", true));
    // A short one is still to be seen.
    const end = Math.min(right, Math.max(u.valToPos(wait.to, "x", true), start + 2 * scale));
    if (end <= start) continue;
    ctx.save();
    ctx.strokeStyle = ink;
    ctx.lineWidth = scale;
    ctx.beginPath();
    ctx.rect(start, top, end - start, bottom - top);
    ctx.save();
    ctx.clip();
    ctx.globalAlpha = 0.3;
    ctx.beginPath();
    for (let x = start - (bottom - top); x < end; x += STROKE_PX * scale) {
      ctx.moveTo(x, bottom);
      ctx.lineTo(x + bottom - top, top);
    }
    ctx.stroke();
    ctx.restore();
    ctx.font = font.replace("13px", `${13 * scale}px`);
    ctx.textBaseline = "top";
    const width = ctx.measureText(wait.words).width + 4 * scale;
    if (start + width <= right) {
      ctx.globalAlpha = 0.85;
      ctx.fillStyle = surface;
      ctx.fillRect(start, bottom - LINE_PX * scale, width, LINE_PX * scale);
      ctx.globalAlpha = 1;
      ctx.fillStyle = ink;
      ctx.fillText(wait.words, start + 2 * scale, bottom - (LINE_PX - 2) * scale);
    }
    ctx.restore();
  }
}
