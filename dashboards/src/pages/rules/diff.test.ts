// The difference of two texts: what is common stays in order, what is far from a change is left out.
import { describe, expect, it } from "vitest";
import { diffLines, folded } from "./diff";

const shown = (before: string, after: string) => diffLines(before, after).map(({ kind, text }) => `${kind[0]} ${text}`);

describe("the difference of two texts", () => {
  it("keeps what is common, in order", () => {
    expect(shown("a\nb\nc", "a\nx\nc\nd")).toEqual(["s a", "r b", "a x", "s c", "a d"]);
    expect(shown("a\nb\nc\nd", "b\nd")).toEqual(["r a", "s b", "r c", "s d"]);
    expect(shown("same", "same")).toEqual(["s same"]);
    expect(shown("", "new")).toEqual(["r ", "a new"]);
  });

  it("numbers removed lines as they were and the others as they are", () => {
    const lines = diffLines("a\nb\nc", "a\nc");
    expect(lines.map(({ kind, line }) => [kind, line])).toEqual([["same", 1], ["removed", 2], ["same", 2]]);
  });

  it("takes texts that are too long for a table as blocks", () => {
    const long = (word: string) => Array.from({ length: 1_600 }, (_, n) => `${word} ${n}`).join("\n");
    const lines = diffLines(long("a"), long("b"));
    expect(lines.filter((line) => line.kind === "removed")).toHaveLength(1_600);
    expect(lines.filter((line) => line.kind === "added")).toHaveLength(1_600);
  });

  it("leaves out what is far from any change and says how much", () => {
    const before = Array.from({ length: 20 }, (_, n) => `line ${n}`);
    const after = before.map((line, n) => (n === 10 ? "other" : line));
    const found = folded(diffLines(before.join("\n"), after.join("\n")));
    expect(found.map((line) => (line.kind === "left" ? line.count : line.text))).toEqual([8, "line 8", "line 9", "line 10", "other", "line 11", "line 12", 7]);
  });
});
