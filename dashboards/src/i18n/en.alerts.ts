// Texts about being told of new alarms, in English. Part of en.ts.
import type { viAlerts } from "./vi.alerts";

export const enAlerts: Record<keyof typeof viAlerts, string> = {
  "alerts.title": "Tell me of new alarms",
  "alerts.hint": "On this device, while a page is open. Besides, alarms are sent by the commune's channels.",
  "alerts.sound": "With a sound",
  "alerts.notice": "With a browser notification",
  "alerts.from": "From priority",
  "alerts.try": "Try the sound",
  "alerts.blocked": "This browser blocks notifications. Please allow them in its settings of this page.",
  "alerts.impossible": "Browsers show notifications only where the page is opened by an https address.",
};
