// One field of a form: label above, fault below, both tied to the control.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { t } from "../i18n";
import "./Field.css";

interface FieldProps {
  label: string;
  fault?: string | null;
}

function Framed({ label, fault, id, children }: FieldProps & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class="field-label" htmlFor={id}>
        {label}
      </label>
      {children}
      {fault != null && fault !== "" && (
        <p class="field-fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

const described = (id: string, fault: string | null | undefined) =>
  fault != null && fault !== "" ? { "aria-describedby": `${id}-fault`, "aria-invalid": true as const } : {};

/** The browser would say what is missing in its own language, and over the page: it is said here, in the page's. */
export function TextField({ label, fault, onInput, ...rest }: FieldProps & JSX.IntrinsicElements["input"]) {
  const id = useId();
  const invalid = useSignal("");
  const told = fault || invalid.value;
  return (
    <Framed label={label} fault={told} id={id}>
      <input
        {...rest}
        {...described(id, told)}
        id={id}
        class="field-control"
        onInput={(event) => {
          invalid.value = "";
          onInput?.(event);
        }}
        onInvalid={(event) => {
          event.preventDefault();
          const field = event.currentTarget;
          invalid.value = field.validity.valueMissing ? t("field.missing") : t("field.range", { min: field.min, max: field.max });
          if (field.form?.querySelector(":invalid") === field) field.focus();
        }}
      />
    </Framed>
  );
}

export function TextArea({ label, fault, ...rest }: FieldProps & JSX.IntrinsicElements["textarea"]) {
  const id = useId();
  return (
    <Framed label={label} fault={fault ?? null} id={id}>
      <textarea rows={3} {...rest} {...described(id, fault)} id={id} class="field-control field-area" />
    </Framed>
  );
}

export function SelectField({ label, fault, children, ...rest }: FieldProps & JSX.IntrinsicElements["select"]) {
  const id = useId();
  return (
    <Framed label={label} fault={fault ?? null} id={id}>
      <select {...rest} {...described(id, fault)} id={id} class="field-control">
        {children}
      </select>
    </Framed>
  );
}
