// The one dialogue about records that is open, if any, and what is said when it is done. Pages say which by `RecordWish`.
import type { EntryKind } from "../../api/records";
import { removeCalibration, removeEntry } from "../../api/records";
import type { Calibration, Entry, Job, Point } from "../../api/types";
import { t } from "../../i18n";
import { hubNow } from "../../state/clock";
import { ConfirmDialogue } from "../../ui/FormEnd";
import { toast } from "../../ui/Toast";
import { CalibrationDialogue } from "./CalibrationDialogue";
import { CorrectionDialogue } from "./CorrectionDialogue";
import { EntryDialogue } from "./EntryDialogue";
import { aboutName, calibrationWords, recordFault } from "./words";

export type RecordWish =
  | { what: "calibration"; calibration: Calibration | null }
  | { what: EntryKind; entry: Entry | null }
  | { what: "correction" }
  | { what: "removeCalibration"; calibration: Calibration }
  | { what: "removeEntry"; kind: EntryKind; entry: Entry };

export interface RecordDialogueProps {
  wish: RecordWish;
  /** The points that it may be about, the likeliest first. */
  points: readonly Point[];
  /** The span that a new entry or correction begins with, epoch ms. */
  from: number;
  to: number;
  onClose: () => void;
  /** Something was saved. */
  onDone: () => void;
}

export function RecordDialogue({ wish, points, from, to, onClose, onDone }: RecordDialogueProps) {
  const done = (job: Job | null) => {
    const isOpen = job !== null && job.finished_at === null;
    toast(isOpen ? t("records.savedWorking") : t("records.saved"));
    onDone();
    onClose();
  };
  const dialogue = { onClose, onDone: done };
  switch (wish.what) {
    case "calibration":
      return <CalibrationDialogue points={points} calibration={wish.calibration} {...dialogue} />;
    case "correction":
      return <CorrectionDialogue points={points} from={from} to={to} {...dialogue} />;
    case "removeCalibration": {
      const { id, version, point } = wish.calibration;
      return (
        <ConfirmDialogue
          title={t("records.calibration.remove", { name: aboutName(point) })}
          text={`${calibrationWords(wish.calibration)}. ${t("records.calibration.removeHint")}`}
          action={t("records.remove")}
          send={() => removeCalibration(id ?? 0, version ?? 0)}
          words={recordFault}
          onClose={onClose}
          onDone={() => done(null)}
        />
      );
    }
    case "removeEntry":
      return (
        <ConfirmDialogue
          title={t(`records.remove.${wish.kind}`, { name: aboutName(wish.entry.about) })}
          text={wish.entry.text}
          action={t("records.remove")}
          send={() => removeEntry(wish.kind, wish.entry.id, wish.entry.version)}
          words={recordFault}
          onClose={onClose}
          onDone={() => done(null)}
        />
      );
    default: {
      // Maintenance is mostly about to be done, a note about what is seen.
      const span = wish.what === "maintenance" && to > hubNow() - 60_000 ? { from: hubNow(), to: hubNow() + 2 * 3_600_000 } : { from, to: Math.min(to, hubNow()) };
      return <EntryDialogue kind={wish.what} points={points} entry={wish.entry} {...span} {...dialogue} />;
    }
  }
}
