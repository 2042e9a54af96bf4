// Every pair of colours that meets on a page, measured in light and dark: text 4.5 to 1, marks and edges 3 to 1.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/ui/tokens.css", "utf8");

function block(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(css.indexOf("{", start) + 1, css.indexOf("}", start));
  return Object.fromEntries([...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

const light = block(":root");
const dark = { ...light, ...block(':root:not([data-theme="light"])') };
const chosenDark = block(':root[data-theme="dark"]');

function luminance(hex: string): number {
  const channel = (at: number) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const TEXT: readonly (readonly [string, string])[] = [
  ...["--ink", "--muted", "--accent", "--critical", "--high", "--medium", "--low"].flatMap((text) =>
    ["--paper", "--surface", "--raised"].map((ground) => [text, ground] as const),
  ),
  ["--muted", "--hatch"],
  ["--ink", "--hatch"],
  ["--on-accent", "--accent"],
  ["--surface", "--critical"],
  ["--paper", "--ink"],
  // Words of code.
  ...[1, 2, 3, 5, 6].map((n) => [`--series-${n}`, "--surface"] as const),
];
const MARKS: readonly (readonly [string, string])[] = [
  ...["--edge", ...[1, 2, 3, 4, 5, 6].map((n) => `--series-${n}`), "--accent"].flatMap((mark) => ["--paper", "--surface"].map((ground) => [mark, ground] as const)),
  ["--ink", "--band"],
  ["--critical", "--band"],
  ["--edge", "--hatch"],
];

describe.each([
  ["light", light],
  ["dark", dark],
])("contrast in %s", (_name, tokens) => {
  it.each(TEXT)("text %s on %s", (text, ground) => {
    expect(contrast(tokens[text] ?? "", tokens[ground] ?? "")).toBeGreaterThanOrEqual(4.5);
  });
  it.each(MARKS)("mark %s on %s", (mark, ground) => {
    expect(contrast(tokens[mark] ?? "", tokens[ground] ?? "")).toBeGreaterThanOrEqual(3);
  });
});

it("the two dark blocks are the same", () => {
  expect(block(':root:not([data-theme="light"])')).toEqual(chosenDark);
  expect(Object.keys(chosenDark)).not.toHaveLength(0);
});

it("no style asks for a colour, a space or a size that is not there", () => {
  const styles = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".css"));
  const asked = styles.flatMap((path) => [...readFileSync(`src/${path}`, "utf8").matchAll(/var\((--[\w-]+)/g)].map((match) => `${path}: ${match[1]}`));
  const own = styles.flatMap((path) => [...readFileSync(`src/${path}`, "utf8").matchAll(/^\s*(--[\w-]+):/gm)].map((match) => match[1]));
  expect(asked.filter((each) => !own.includes(each.split(": ")[1]))).toEqual([]);
});
