// An age counts on by itself.
import { expect, it } from "vitest";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { Age } from "./Age";
import { doing, show, textOf } from "./testing";

it("grows with the clock, without being drawn anew by its parent", () => {
  lang.value = "vi";
  const start = Date.parse("2026-11-23T08:15:00+07:00");
  now.value = start;
  const host = show(<Age at={start} />);
  expect(textOf(host)).toBe("vừa xong");
  doing(() => (now.value = start + 12 * 60_000));
  expect(textOf(host)).toBe("12 phút trước");
  expect(host.querySelector("time")?.dateTime).toBe("2026-11-23T01:15:00.000Z");
});
