// A field for code: coloured, numbered, with faults at their line. Comes with the editor's page alone.
// It lives in a shadow root: there the editor's style is adopted as a sheet, which the hub's content policy allows; inline styles
// it forbids. Tab leaves the field, so the keyboard is never caught.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef } from "preact/hooks";
import type { Ref } from "preact";
import type { TextFault } from "../../api/types";
import { faultWords } from "./whyText";
import { rhai, toml } from "./languages";
import { colours } from "./colours";

export interface CodeHandle {
  /** Puts another text in the place of this one; undoing it brings this one back. */
  replace: (text: string) => void;
  /** Goes to a line and gives the keyboard. */
  goTo: (line: number, column: number | null) => void;
}

export interface CodeFieldProps {
  label: string;
  language: "rhai" | "toml";
  /** What it begins with; later changes come by the handle. */
  text: string;
  onText: (text: string) => void;
  faults: readonly TextFault[];
  doubts?: readonly TextFault[];
  handle: Ref<CodeHandle>;
}

export function CodeField({ label, language, text, onText, faults, doubts = [], handle }: CodeFieldProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const told = useRef(onText);
  told.current = onText;

  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const editor = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of("    "),
          bracketMatching(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          language === "rhai" ? rhai : toml,
          syntaxHighlighting(HighlightStyle.define(colours.words)),
          colours.theme,
          EditorView.lineWrapping,
          // What can be edited takes the keyboard anyway; said aloud, so that the scrolling box around it is known to be reachable.
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) told.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [language, label]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const all = [...faults.map((fault) => at(editor.state, fault, "error")), ...doubts.map((fault) => at(editor.state, fault, "warning"))];
    editor.dispatch(setDiagnostics(editor.state, all));
  }, [faults, doubts]);

  useImperativeHandle(handle, () => ({
    replace(next) {
      const editor = view.current;
      if (editor === null || editor.state.doc.toString() === next) return;
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: next } });
    },
    goTo(line, column) {
      const editor = view.current;
      if (editor === null) return;
      const { from, to } = editor.state.doc.line(Math.min(Math.max(1, line), editor.state.doc.lines));
      editor.dispatch({ selection: { anchor: Math.min(to, from + Math.max(0, (column ?? 1) - 1)) }, scrollIntoView: true });
      editor.focus();
    },
  }));

  return <div ref={host} class="code-field" data-testid={`code-${language}`} />;
}

function at(state: EditorState, { line, column, ...fault }: TextFault, severity: "error" | "warning"): Diagnostic {
  const found = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
  const from = column === null ? found.from : Math.min(found.to, found.from + column - 1);
  return { from, to: found.to, severity, message: faultWords(fault) };
}
