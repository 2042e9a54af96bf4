// Buttons: one main thing to do, quiet ones beside it, and the tall one for acknowledging.
import type { ComponentChildren, JSX } from "preact";
import "./Button.css";

export interface ButtonProps extends Omit<JSX.IntrinsicElements["button"], "size"> {
  kind?: "main" | "quiet" | "plain";
  /** 52 px instead of 44. */
  tall?: boolean;
  busy?: boolean;
  children: ComponentChildren;
}

export function Button({ kind = "quiet", tall = false, busy = false, children, ...rest }: ButtonProps) {
  // While busy it stays focusable: taking it away would lose the keyboard's place.
  return (
    <button
      type="button"
      {...rest}
      class={`button button-${kind}${tall ? " button-tall" : ""}`}
      aria-disabled={busy ? "true" : undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {children}
    </button>
  );
}
