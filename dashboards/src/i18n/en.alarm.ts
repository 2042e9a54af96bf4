// Texts beside the trend of an alarm, in English.
import type { viAlarm } from "./vi.alarm";

export const enAlarm: Record<keyof typeof viAlarm, string> = {
  "alarm.waited": "waited {span}",
  "alarm.raisedAtOnce": "Raised as soon as the condition is met.",
  "alarm.raisedAfter": "Raised once the condition has lasted {span}.",
  "alarm.endsAtOnce": "Ends as soon as it is gone.",
  "alarm.endsAfter": "Ends once it has been gone for {span}.",
};
