// Telling of new alarms while a page is open, for those who asked for it: a sound, a notice of the browser, from a priority on.
// What was asked for is remembered on this device. Tells each raising once, and nothing that was there before one looked.
import { signal } from "@preact/signals";
import type { Alarm, Priority } from "../api/types";
import { local, t } from "../i18n";
import { navigate } from "../lib/router";
import type { HubStore } from "./store";

export interface AlertWishes {
  sound: boolean;
  notice: boolean;
  /** The least priority that is told. */
  from: Priority;
}

const KEY = "commune.alerts";
const RANKS: readonly Priority[] = ["low", "medium", "high", "critical"];
const NONE: AlertWishes = { sound: false, notice: false, from: "high" };
/** Alarms whose raisings are remembered; the oldest goes. */
const MOST_SEEN = 1_000;

export const alertWishes = signal<AlertWishes>(recall());

function recall(): AlertWishes {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Partial<AlertWishes> | null;
    const from = RANKS.find((rank) => rank === kept?.from) ?? NONE.from;
    return { sound: kept?.sound === true, notice: kept?.notice === true, from };
  } catch {
    return NONE;
  }
}

export function setAlertWishes(change: Partial<AlertWishes>): void {
  alertWishes.value = { ...alertWishes.peek(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(alertWishes.peek()));
  } catch {
    // It holds until the page is closed.
  }
}

/** Whether a priority is one of those that are told. */
export const isTold = (priority: Priority, from: Priority) => RANKS.indexOf(priority) >= RANKS.indexOf(from);

/** Says of each alarm event whether it is a raising that nobody here has been told of. */
export class Raisings {
  #seen = new Map<number, number>();

  /** What is there already is no news. */
  know(alarms: Iterable<Alarm>): void {
    for (const alarm of alarms) this.#seen.set(alarm.id, alarm.raises);
  }

  isNew(alarm: Alarm): boolean {
    const before = this.#seen.get(alarm.id);
    this.#seen.delete(alarm.id);
    this.#seen.set(alarm.id, alarm.raises);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MOST_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    return alarm.state === "unacknowledged" && (before === undefined || alarm.raises > before);
  }
}

/** Starts telling; returns how to stop. */
export function startAlerts(store: HubStore): () => void {
  const raisings = new Raisings();
  const knowAll = () => raisings.know(store.alarms.peek()?.values() ?? []);
  // The first list, and each after a gap: what was raised in the gap stands on the page, but rings no bell late.
  knowAll();
  store.alarmListListeners.add(knowAll);
  const listener = (alarm: Alarm) => {
    const { sound, notice, from } = alertWishes.peek();
    if (!raisings.isNew(alarm) || !isTold(alarm.priority, from)) return;
    if (sound) ring(alarm.priority);
    if (notice) void show(alarm);
  };
  store.alarmListeners.add(listener);
  return () => {
    store.alarmListListeners.delete(knowAll);
    store.alarmListeners.delete(listener);
  };
}

let audio: AudioContext | null = null;

/** Two soft tones, four for what is critical. The browser lets it sound once the page has been touched. */
export function ring(priority: Priority): void {
  audio ??= new AudioContext();
  void audio.resume();
  const tones = priority === "critical" ? [880, 660, 880, 660] : [660, 880];
  for (const [index, pitch] of tones.entries()) {
    const begin = audio.currentTime + index * 0.22;
    const tone = new OscillatorNode(audio, { frequency: pitch, type: "sine" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.25, begin + 0.02);
    volume.gain.linearRampToValueAtTime(0, begin + 0.2);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.22);
  }
}

/** Whether this browser can show notices, and whether the person lets it. */
export const noticeState = (): NotificationPermission | "impossible" => ("Notification" in window && isSecureContext ? Notification.permission : "impossible");

async function show(alarm: Alarm): Promise<void> {
  if (noticeState() !== "granted") return;
  const title = `${t(`priority.${alarm.priority}`)}: ${local(alarm.title)}`;
  const href = `/alarms/${alarm.id}`;
  const options: NotificationOptions = { body: local(alarm.message), tag: `alarm-${alarm.id}`, icon: "/icon-192.png", data: { href } };
  const worker = await navigator.serviceWorker?.getRegistration();
  // Phones show notices by the worker only; where there is none, the page itself does.
  if (worker?.active != null) return worker.showNotification(title, options);
  const notice = new Notification(title, options);
  notice.onclick = () => {
    window.focus();
    navigate(href);
  };
}
