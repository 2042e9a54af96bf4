// Texts around what the loudspeakers may say, in English.
import type { viAnnouncement } from "./vi.announcement";

export const enAnnouncement: Record<keyof typeof viAnnouncement, string> = {
  "announcement.title": "Text for the loudspeakers",
  "announcement.help": "Made from the alarm, with figures and times written as they are spoken in Vietnamese. Nothing is broadcast by itself: read it over, change it where needed, save it as reviewed, then copy or download it for whoever reads it out.",
  "announcement.text": "Text to read out (Vietnamese)",
  "announcement.english": "The same in English, for comparison",
  "announcement.unreviewed": "Nobody has read it over yet. Please do so before it is used.",
  "announcement.reviewedBy": "Reviewed by {who}, {time}",
  "announcement.changed": "The text above differs from the reviewed one.",
  "announcement.ruleChanged": "The rule was changed after this alarm: the text follows today's template.",
  "announcement.save": "Save as reviewed",
  "announcement.saved": "Saved as reviewed",
  "announcement.copy": "Copy",
  "announcement.copied": "Copied",
  "announcement.notCopied": "The browser does not allow copying. Please select the text and copy it by hand.",
  "announcement.download": "Download (.txt)",
  "announcement.again": "Start over",
  "announcement.empty": "Please enter a text.",
  "alarm.event.textReviewed": "Loudspeaker text reviewed",
};
