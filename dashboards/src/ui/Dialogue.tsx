// A question in front of the page. The browser's own <dialog> keeps the focus inside and gives it back afterwards; Esc closes.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import "./Dialogue.css";

export interface DialogueProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** Open for as long as it is rendered. */
export function Dialogue({ title, onClose, children }: DialogueProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const dialog = element.current;
    if (dialog === null) return;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      // The row may have been drawn anew meanwhile; then the focus stays where the browser put it.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={element}
      class="dialogue"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialogue-body">
        {/* The browser gives the focus to what can have it first: with keys that is the field. On a phone a field would bring the
            keyboard up, over the button that is wanted; there it is the title. */}
        <h2 id={titleId} {...(matchMedia("(pointer: coarse)").matches ? { tabIndex: -1 } : {})}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
