// One field of a form: label above, fault below, both tied to the control.
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
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

export function TextField({ label, fault, ...rest }: FieldProps & JSX.IntrinsicElements["input"]) {
  const id = useId();
  return (
    <Framed label={label} fault={fault ?? null} id={id}>
      <input {...rest} {...described(id, fault)} id={id} class="field-control" />
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
