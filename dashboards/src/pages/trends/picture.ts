// What is drawn as one PNG: title, names of the lines, then each panel as it stands on the page.
import { clockTime, dayDate } from "../../i18n/format";
import { local, t } from "../../i18n";
import { commune } from "../../state/commune";
import type { Line } from "./columns";

const MARGIN = 24;
const ROW = 22;

export async function picture(panels: HTMLElement, lines: readonly Line[], nameOf: (line: Line) => string, from: number, to: number): Promise<Blob | null> {
  const drawn = [...panels.querySelectorAll("canvas")];
  const scale = devicePixelRatio;
  const style = getComputedStyle(panels);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const head = MARGIN + ROW * (2 + lines.length) + MARGIN / 2;
  const heights = drawn.map((canvas) => canvas.height / scale);
  const width = Math.max(480, ...drawn.map((canvas) => canvas.width / scale)) + 2 * MARGIN;
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = (head + heights.reduce((sum, height) => sum + height, 0) + MARGIN) * scale;
  const ctx = canvas.getContext("2d");
  if (ctx === null) return null;
  ctx.scale(scale, scale);
  ctx.fillStyle = token("--surface");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = token("--ink");
  ctx.textBaseline = "top";
  ctx.font = `600 18px ${token("--sans")}`;
  ctx.fillText(`${local(commune.value?.name) || t("app.name")} · ${t("nav.trends")}`, MARGIN, MARGIN);
  ctx.font = `13px ${token("--sans")}`;
  ctx.fillText(`${dayDate(from)} ${clockTime(from)} – ${dayDate(to)} ${clockTime(to)}`, MARGIN, MARGIN + ROW + 2);
  lines.forEach((line, index) => {
    const y = MARGIN + ROW * (2 + index) + 4;
    ctx.strokeStyle = token(`--series-${line.colour}`);
    ctx.lineWidth = 2;
    ctx.setLineDash(line.compared ? [4, 4] : []);
    ctx.beginPath();
    ctx.moveTo(MARGIN, y + 8);
    ctx.lineTo(MARGIN + 24, y + 8);
    ctx.stroke();
    ctx.fillText(nameOf(line), MARGIN + 34, y);
  });
  let y = head;
  drawn.forEach((each, index) => {
    ctx.drawImage(each, MARGIN, y, each.width / scale, heights[index] ?? 0);
    y += heights[index] ?? 0;
  });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
