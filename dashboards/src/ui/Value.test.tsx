// A value in each of its states: what is read, and that an absent one never looks like a present one.
import { beforeEach, describe, expect, it } from "vitest";
import { lang } from "../i18n";
import { now } from "../state/clock";
import { samplePoint, sampleStandings } from "./samples";
import { show, textOf } from "./testing";
import { Value } from "./Value";

const NOW = Date.parse("2026-11-23T08:15:00+07:00");
const standings = sampleStandings(NOW);
const point = samplePoint();

beforeEach(() => {
  lang.value = "vi";
  now.value = NOW;
});

describe("Value", () => {
  it("good is the plain figure with its unit", () => {
    const host = show(<Value standing={standings.good} point={point} />);
    expect(textOf(host)).toBe("0,42 mg/L");
    expect(host.querySelector("data")?.getAttribute("value")).toBe("0.42");
    expect(host.querySelector("s")).toBeNull();
  });

  it("suspect and fail keep the figure, with a mark, the word and the reason", () => {
    expect(textOf(show(<Value standing={standings.suspect} point={point} />))).toMatch(/^0,42 mg\/L ?nghi ngờ · không đổi quá lâu$/);
    expect(textOf(show(<Value standing={standings.fail} point={point} />))).toContain("không đạt · ngoài khoảng đo được");
  });

  it("silent says the words first, then the last good value struck over hatching", () => {
    const host = show(<Value standing={standings.silent} point={point} />);
    expect(textOf(host)).toMatch(/^mất tín hiệu 12 phút · thiết bị không trả lời kịp/);
    const struck = host.querySelector("s");
    expect(struck?.className).toContain("hatched");
    expect(textOf(struck)).toBe("Giá trị tốt cuối cùng: 0,42 mg/L");
    expect(host.querySelector("data")).toBeNull();
  });

  it("lacking, held and empty are never plain figures", () => {
    for (const kind of ["lacking", "held", "empty"] as const) {
      expect(show(<Value standing={standings[kind]} point={point} />).querySelector("data"), kind).toBeNull();
    }
    expect(textOf(show(<Value standing={standings.lacking} point={point} />))).toContain("thiếu dữ liệu 12 phút");
    expect(textOf(show(<Value standing={standings.held} point={point} />))).toContain("số cuối đã biết");
    expect(textOf(show(<Value standing={standings.empty} point={point} />))).toBe("chưa có số liệu");
  });

  it("silent without any value ever shows no figure at all", () => {
    const host = show(<Value standing={{ ...standings.silent, value: null }} point={point} />);
    expect(textOf(host)).toContain("mất tín hiệu, chưa có số nào");
    expect(host.querySelector("s")).toBeNull();
  });

  it("zero is a value like any other", () => {
    expect(textOf(show(<Value standing={{ ...standings.good, value: 0 }} point={point} />))).toBe("0,00 mg/L");
  });

  it("speaks English when asked", () => {
    lang.value = "en";
    expect(textOf(show(<Value standing={standings.silent} point={point} />))).toMatch(/^silent for 12 minutes/);
  });
});
