// Which point a form is about, where there is a choice.
import type { Point } from "../../api/types";
import { t } from "../../i18n";
import { SelectField } from "../../ui/Field";
import { pointChoice } from "./words";

export interface PointFieldProps {
  points: readonly Point[];
  chosen: Point | undefined;
  onChoose: (point: Point) => void;
}

export function PointField({ points, chosen, onChoose }: PointFieldProps) {
  return (
    <SelectField
      label={t("trends.stat.point")}
      value={chosen?.id ?? ""}
      onChange={(event) => {
        const found = points.find((point) => point.id === event.currentTarget.value);
        if (found !== undefined) onChoose(found);
      }}
    >
      {points.map((point) => (
        <option key={point.id} value={point.id} selected={point.id === chosen?.id}>
          {pointChoice(point)}
        </option>
      ))}
    </SelectField>
  );
}
