// A choice of a few, all seen at once: language, theme, active or history. Radio buttons under the skin, so arrows work.
import { useId } from "preact/hooks";
import "./Choice.css";

export interface ChoiceProps<T extends string> {
  label: string;
  /** `lang` where the text is in a language of its own. */
  options: readonly { value: T; text: string; lang?: string }[];
  chosen: T;
  onChoose: (value: T) => void;
  /** Whether the label is only for screen readers. */
  unlabelled?: boolean;
}

export function Choice<T extends string>({ label, options, chosen, onChoose, unlabelled = false }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class={unlabelled ? "unseen" : "field-label"}>{label}</legend>
      <div class="choice-options">
        {options.map((option) => (
          <label key={option.value} class="choice-option">
            <input
              type="radio"
              class="unseen"
              name={name}
              value={option.value}
              checked={option.value === chosen}
              onChange={() => onChoose(option.value)}
            />
            <span class="choice-text" lang={option.lang}>{option.text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
