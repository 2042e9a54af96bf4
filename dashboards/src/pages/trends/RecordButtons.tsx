// What an officer may do with what is seen: a note, maintenance, a calibration, a correction; of the span that is shown.
import { useSignal } from "@preact/signals";
import type { Point } from "../../api/types";
import { t } from "../../i18n";
import { isElsewhere, mayActAs } from "../../state/commune";
import { Button } from "../../ui/Button";
import { RecordDialogue, type RecordWish } from "../records/Dialogues";
import { Jobs } from "../records/Jobs";

export interface RecordButtonsProps {
  points: readonly Point[];
  from: number;
  to: number;
  onDone: () => void;
}

const WISHES = [
  { what: "note", entry: null },
  { what: "maintenance", entry: null },
  { what: "calibration", calibration: null },
  { what: "correction" },
] as const satisfies readonly RecordWish[];

export function RecordButtons({ points, from, to, onDone }: RecordButtonsProps) {
  const wish = useSignal<RecordWish | null>(null);
  const turn = useSignal(0);
  const [first] = points;
  if (!mayActAs("officer") || first === undefined || isElsewhere(first.site)) return null;
  const done = () => {
    turn.value += 1;
    onDone();
  };
  return (
    <>
      <div class="trends-record no-print" role="group" aria-label={t("records.buttons")}>
        <span class="small muted">{t("records.buttons")}:</span>
        {WISHES.map((each) => (
          <Button key={each.what} onClick={() => (wish.value = each)}>
            {t(`records.short.${each.what}`)}
          </Button>
        ))}
      </div>
      <Jobs turn={String(turn.value)} onDone={onDone} />
      {wish.value !== null && <RecordDialogue wish={wish.value} points={points} from={from} to={to} onClose={() => (wish.value = null)} onDone={done} />}
    </>
  );
}
