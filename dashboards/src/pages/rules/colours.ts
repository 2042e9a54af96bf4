// The code field in the design's own figures. They are inherited into the field's shadow root as custom properties.
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { fontSize: "0.875rem", color: "var(--ink)", backgroundColor: "var(--surface)", maxHeight: "min(70vh, 640px)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'DejaVu Sans Mono', Consolas, monospace", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0", minHeight: "160px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--band)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--muted)", border: "0", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "transparent", boxShadow: "inset 2px 0 0 var(--line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--band)", color: "var(--ink)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--band)", outline: "1px solid var(--edge)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px solid var(--critical)" },
  ".cm-lintRange-warning": { backgroundImage: "none", borderBottom: "2px dashed var(--medium)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "6px", maxWidth: "min(480px, 90vw)" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--critical)" },
  ".cm-diagnostic-warning": { borderLeft: "4px solid var(--medium)" },
  ".cm-lint-marker-error": { content: "none" },
  ".cm-lint-marker-error::after": { content: "'✕'", color: "var(--critical)", fontWeight: "700" },
  ".cm-lint-marker-warning": { content: "none" },
  ".cm-lint-marker-warning::after": { content: "'!'", color: "var(--medium)", fontWeight: "700" },
});

const words = [
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.keyword, color: "var(--series-3)", fontWeight: "600" },
  { tag: tags.string, color: "var(--series-2)" },
  { tag: tags.number, color: "var(--series-6)" },
  { tag: tags.atom, color: "var(--series-6)" },
  { tag: tags.propertyName, color: "var(--series-1)" },
  { tag: tags.special(tags.variableName), color: "var(--series-5)", fontWeight: "600" },
];

export const colours = { theme, words };
