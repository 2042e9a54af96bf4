// What the words of the field mean that stand on a page, and of no others. Comes when the page's help is opened.
import type { Point } from "../api/types";
import { hasText, t } from "../i18n";
import { store } from "../state/store";

/** Words that do not follow from the points. */
export type Term = "completeness" | "median" | "p95";

export interface TermsProps {
  words: readonly Term[];
  /** The points on the page; without them, all of the commune. */
  points?: readonly Point[] | undefined;
}

/** Quantities that are told of together. */
const TOGETHER: Record<string, readonly string[]> = {
  salts: ["conductivity", "tds"],
  nitrogen: ["ammonium", "nitrate"],
  organic: ["cod", "bod"],
  waste: ["h2s", "nh3", "ch4"],
  dust: ["pm10", "pm2_5"],
  fumes: ["so2", "no2", "co", "o3"],
};
const termOf = (quantity: string) => Object.keys(TOGETHER).find((term) => TOGETHER[term]?.includes(quantity)) ?? quantity;

export default function Terms({ words, points = [...store.points.value.values()].map((entry) => entry.point.peek()) }: TermsProps) {
  const limits = points.flatMap((point) => point.limits);
  const all = [
    ...points.map((point) => termOf(point.quantity)),
    limits.length > 0 && "limit",
    limits.some((limit) => limit.status === "unverified") && "unverified",
    points.some((point) => point.reference) && "reference",
    "suspect",
    "fail",
    "calibrating",
    ...words,
  ];
  return (
    <ul class="small">
      {[...new Set(all)]
        .map((word) => `term.${word}`)
        .filter(hasText)
        .map((key) => (
          <Told key={key} text={t(key)} />
        ))}
    </ul>
  );
}

/** The term, which is what stands before the colon, and what it means. */
function Told({ text }: { text: string }) {
  const end = text.indexOf(":");
  return (
    <li>
      <strong>{text.slice(0, end)}</strong>
      {text.slice(end)}
    </li>
  );
}
