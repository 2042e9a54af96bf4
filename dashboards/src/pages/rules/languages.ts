// How Rhai and TOML are coloured: comments, texts, numbers, words. Words only; what is right the hub says.
import { StreamLanguage, type StringStream } from "@codemirror/language";

const KEYWORDS = new Set(["fn", "let", "const", "if", "else", "switch", "for", "in", "while", "loop", "until", "do", "break", "continue", "return", "throw", "try", "catch", "is_def_fn"]);
const ATOMS = new Set(["true", "false"]);
/** What the hub calls and hands in. */
const OURS = new Set(["rule", "active", "cleared", "message", "enabled_when", "p"]);

interface Inside {
  /** In a comment of several lines, or in a text between back-quotes. */
  of: "comment" | "text" | null;
}

function untilEnd(stream: StringStream, end: string): boolean {
  while (!stream.eol()) {
    if (stream.match(end)) return true;
    if (stream.next() === "\\") stream.next();
  }
  return false;
}

export const rhai = StreamLanguage.define<Inside>({
  name: "rhai",
  startState: () => ({ of: null }),
  token(stream, state) {
    if (state.of === "comment") {
      if (untilEnd(stream, "*/")) state.of = null;
      return "comment";
    }
    if (state.of === "text") {
      if (untilEnd(stream, "`")) state.of = null;
      return "string";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      if (!untilEnd(stream, "*/")) state.of = "comment";
      return "comment";
    }
    if (stream.eat('"')) {
      untilEnd(stream, '"');
      return "string";
    }
    if (stream.eat("`")) {
      if (!untilEnd(stream, "`")) state.of = "text";
      return "string";
    }
    if (stream.match(/^\d[\d_]*(\.\d+)?(e[+-]?\d+)?/i)) return "number";
    if (stream.match(/^[a-z_]\w*/i)) {
      const word = stream.current();
      if (KEYWORDS.has(word)) return "keyword";
      if (ATOMS.has(word)) return "atom";
      if (/^\s*:(?!:)/.test(stream.string.slice(stream.pos))) return "propertyName";
      return OURS.has(word) ? "variableName.special" : "variableName";
    }
    stream.next();
    return "operator";
  },
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } }, closeBrackets: { brackets: ["(", "[", "{", '"', "`"] } },
});

export const toml = StreamLanguage.define<null>({
  name: "toml",
  startState: () => null,
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.eat("#")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.sol() && stream.match(/^\[+[^\]]*\]+/)) return "keyword";
    if (stream.eat('"')) {
      untilEnd(stream, '"');
      return "string";
    }
    if (stream.match(/^(true|false)\b/)) return "atom";
    if (stream.match(/^[+-]?\d[\d_.:T+-]*/)) return "number";
    if (stream.match(/^[\w-]+(?=\s*=)/)) return "propertyName";
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: "#" } },
});
