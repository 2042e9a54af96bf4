// Limits as dashed lines over the time in which they applied, with "≤ 2 NTU · QCVN 01-1:2024/BYT" at their right end.
import type uPlot from "uplot";
import type { Limit } from "../api/types";
import { t } from "../i18n";
import { exactSpan } from "../i18n/format";
import { showLimitFigure, unitSign } from "../i18n/units";

export interface LimitLook {
  ink: string;
  surface: string;
  font: string;
}

/** One figure of a limit, over the part of the drawing in which it applied. */
export interface LimitLine {
  value: number;
  side: "max" | "min";
  /** Epoch ms. */
  from: number;
  to: number;
  /** From the longest wording to the shortest. */
  wordings: readonly string[];
}

/** Each figure of the limits that applied between two moments; one that several points share stands once. */
export function limitLines(limits: readonly Limit[], unit: string, from: number, to: number): LimitLine[] {
  const lines: LimitLine[] = [];
  for (const limit of limits) {
    const start = Math.max(from, limit.valid_from === null ? from : Date.parse(limit.valid_from));
    const end = Math.min(to, limit.valid_to === null ? to : Date.parse(limit.valid_to));
    if (start >= end) continue;
    for (const side of ["max", "min"] as const) {
      const value = limit[side];
      if (value === null || lines.some((line) => line.value === value && line.side === side && line.from === start)) continue;
      lines.push({ value, side, from: start, to: end, wordings: wordings(limit, value, side, unit) });
    }
  }
  return lines;
}

function wordings(limit: Limit, value: number, side: "max" | "min", unit: string): string[] {
  const sign = unitSign(unit);
  const key = side === "max" ? ("limit.atMost" as const) : ("limit.atLeast" as const);
  const mean = limit.averaging_s === null ? "" : ` · ${t("limit.mean", { span: exactSpan(limit.averaging_s) })}`;
  const figure = `${t(key, { value: showLimitFigure(value) })}${sign === "" ? "" : ` ${sign}`}${mean}`;
  const doubt = limit.status === "unverified" ? ` · ${t("limit.unverified")}` : "";
  // On a phone the regulation gives way before the doubt does.
  return [`${figure} · ${limit.regulation}${doubt}`, `${figure}${doubt}`, figure];
}

export function drawLimitLines(u: uPlot, lines: readonly LimitLine[], look: LimitLook): void {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = look.ink;
  ctx.lineWidth = scale;
  ctx.font = look.font.replace("13px", `${13 * scale}px`);
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  for (const line of lines) {
    const y = u.valToPos(line.value, "y", true);
    const left = Math.max(bbox.left, u.valToPos(line.from, "x", true));
    const right = Math.min(bbox.left + bbox.width, u.valToPos(line.to, "x", true));
    if (right <= left) continue;
    ctx.setLineDash([5 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(right, y);
    ctx.stroke();
    const text = line.wordings.find((each) => ctx.measureText(each).width < 0.9 * (right - left));
    if (text === undefined) continue;
    // Inside the band that is allowed, where the line is seldom; never outside of the drawing.
    const width = ctx.measureText(text).width;
    const top = line.side === "max" ? y + 3 * scale : y - 18 * scale;
    const end = right - 4 * scale;
    ctx.globalAlpha = 0.8;
    ctx.fillStyle = look.surface;
    ctx.fillRect(end - width - 2 * scale, top, width + 4 * scale, 16 * scale);
    ctx.globalAlpha = 1;
    ctx.fillStyle = look.ink;
    ctx.fillText(text, end, top + 2 * scale);
  }
  ctx.restore();
}
