import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Signal } from "@preact/signals";
import type { Trouble } from "../useDeed";
import "./Field.css";

interface FieldProps {
  label: string;
  value: Signal<string>;
  hint?: string | undefined;
  type?: "text" | "password" | "search" | "tel";
  rows?: number;
  autocomplete?: string;
  placeholder?: string;
  maxLength?: number;
  required?: boolean;
}

/** A labelled input; with `rows` a text area. */
export function Field({ label, value, hint, type = "text", rows, placeholder, maxLength, required, autocomplete = "off" }: FieldProps) {
  const id = useId();
  const shared = {
    id,
    class: "input",
    value: value.value,
    onInput: (event: { currentTarget: { value: string } }) => (value.value = event.currentTarget.value),
    "aria-describedby": hint ? `${id}-hint` : undefined,
    placeholder,
    maxLength,
    required,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows ? <textarea {...shared} rows={rows} /> : <input {...shared} {...({ type } as { type: "text" })} autocomplete={autocomplete} />}
      {hint && (
        <p class="small quiet" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  sub?: string | undefined;
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** With a name it is one of several, without it stands alone. */
  name?: string;
}

export function Choice({ label, sub, checked, onChange, name }: ChoiceProps) {
  return (
    <label class={name ? "choice" : "choice check"}>
      <input
        type={name ? "radio" : "checkbox"}
        name={name}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span class="box">
        <span>
          {label}
          {sub && <span class="sub">{sub}</span>}
        </span>
      </span>
    </label>
  );
}

interface SegProps<V extends string> {
  legend: string;
  hideLegend?: boolean;
  value: V | null;
  options: readonly (readonly [V, ComponentChildren])[];
  onChange: (value: V) => void;
}

/** A few choices in a row, one of them true. */
export function Seg<V extends string>({ legend, hideLegend = false, value, options, onChange }: SegProps<V>) {
  const name = useId();
  return (
    <fieldset class="stack-1">
      <legend class={hideLegend ? "vh" : ""}>{hideLegend ? legend : <b>{legend}</b>}</legend>
      <div class={value === null ? "seg unset" : "seg"}>
        {options.map(([option, label]) => (
          <label key={option}>
            <input type="radio" name={name} value={option} checked={value === option} onChange={() => onChange(option)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What went wrong, and what to do next. An alert, so that it is heard without looking for it. */
export function Problem({ of }: { of: Trouble | null }) {
  return (
    <div role="alert">
      {of && (
        <p class="problem">
          <b>{of.sentence}</b> {of.todo}
        </p>
      )}
    </div>
  );
}
