// The few pictograms that buttons share. Each button has its name in words beside or for screen readers.
import "./Icon.css";

const PATHS = {
  left: "M12 4 6 10l6 6",
  right: "M8 4l6 6-6 6",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
