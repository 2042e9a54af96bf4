// Which lines of a text were taken away and which were put there. Knows nothing of rules.

export interface DiffLine {
  kind: "same" | "removed" | "added";
  text: string;
  /** Its number, from 1, in the text before (`removed`) or after (`added`, `same`). */
  line: number;
}

/** Lines beyond this are compared as one block each: a table of all pairs would be too large. */
const MOST_LINES = 1_500;

/** The lines of both texts in order, by their longest common part. */
export function diffLines(before: string, after: string): DiffLine[] {
  const from = before.split("\n");
  const to = after.split("\n");
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head += 1;
  let tail = 0;
  while (tail < from.length - head && tail < to.length - head && from[from.length - 1 - tail] === to[to.length - 1 - tail]) tail += 1;
  const oldPart = from.slice(head, from.length - tail);
  const newPart = to.slice(head, to.length - tail);
  const found: DiffLine[] = [];
  const same = (count: number, start: number) => {
    for (let index = start; index < start + count; index += 1) found.push({ kind: "same", text: to[index] ?? "", line: index + 1 });
  };
  same(head, 0);
  for (const [oldIndex, newIndex] of steps(oldPart, newPart)) {
    if (oldIndex !== null && newIndex !== null) found.push({ kind: "same", text: newPart[newIndex] ?? "", line: head + newIndex + 1 });
    else if (oldIndex !== null) found.push({ kind: "removed", text: oldPart[oldIndex] ?? "", line: head + oldIndex + 1 });
    else if (newIndex !== null) found.push({ kind: "added", text: newPart[newIndex] ?? "", line: head + newIndex + 1 });
  }
  same(tail, to.length - tail);
  return found;
}

type Step = readonly [number | null, number | null];

function steps(from: readonly string[], to: readonly string[]): Step[] {
  if (from.length > MOST_LINES || to.length > MOST_LINES) {
    return [...from.map((_, index): Step => [index, null]), ...to.map((_, index): Step => [null, index])];
  }
  // common[i][j]: the longest common part of from[i..] and to[j..].
  const common = Array.from({ length: from.length + 1 }, () => new Uint16Array(to.length + 1));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = from.length - 1; i >= 0; i -= 1) {
    const row = common[i];
    if (row === undefined) continue;
    for (let j = to.length - 1; j >= 0; j -= 1) row[j] = from[i] === to[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const found: Step[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) found.push([i++, j++]);
    else if (i < from.length && (j === to.length || at(i + 1, j) >= at(i, j + 1))) found.push([i++, null]);
    else found.push([null, j++]);
  }
  return found;
}

/** The changed lines with `around` lines beside them; a run of unchanged ones in between is left out and counted. */
export function folded(lines: readonly DiffLine[], around = 2): (DiffLine | { kind: "left"; count: number })[] {
  const near = lines.map((_, index) => lines.slice(Math.max(0, index - around), index + around + 1).some((line) => line.kind !== "same"));
  const shown: (DiffLine | { kind: "left"; count: number })[] = [];
  for (const [index, line] of lines.entries()) {
    const last = shown.at(-1);
    if (near[index] === true) shown.push(line);
    else if (last?.kind === "left") last.count += 1;
    else shown.push({ kind: "left", count: 1 });
  }
  return shown;
}
