// The drawn bar: what it tells those who do not see it, and that it claims nothing of an absent value.
import { beforeEach, describe, expect, it } from "vitest";
import { lang } from "../i18n";
import { MovingBar, limitText } from "./MovingBar";
import { samplePoint, sampleStandings } from "./samples";
import { show, textOf } from "./testing";

const standings = sampleStandings(Date.parse("2026-11-23T08:15:00+07:00"));
const label = (host: HTMLElement) => host.querySelector("[role=img]")?.getAttribute("aria-label")?.replace(/\u00a0/g, " ");

beforeEach(() => {
  lang.value = "vi";
});

describe("MovingBar", () => {
  it("tells value, ends, allowed band and the day in words", () => {
    const host = show(<MovingBar point={samplePoint()} standing={standings.good} today={{ min: 0.31, max: 0.55 }} />);
    expect(label(host)).toBe("0,42 mg/L, trong khoảng 0,00 mg/L đến 1,40 mg/L, cho phép 0,2 – 1, hôm nay 0,31 mg/L đến 0,55 mg/L");
    expect(textOf(host.querySelector(".bar-figure"))).toBe("≥ 0,2");
  });

  it("marks an exceedance only of a present value", () => {
    const low = { ...standings.good, value: 0.1 };
    expect(show(<MovingBar point={samplePoint()} standing={low} today={null} />).querySelector(".bar-exceeded")).not.toBeNull();
    const silent = show(<MovingBar point={samplePoint()} standing={{ ...standings.silent, value: 0.1 }} today={null} />);
    expect(silent.querySelector(".bar-exceeded")).toBeNull();
    expect(silent.querySelector(".bar-stale .hatched")).not.toBeNull();
    expect(label(silent)).toContain("Chưa có giá trị hiện tại");
  });

  it("has no tick where nothing was ever read", () => {
    expect(show(<MovingBar point={samplePoint()} standing={standings.empty} today={null} />).querySelector(".bar-tick")).toBeNull();
  });

  it("is nothing where there is nothing to compare with", () => {
    const host = show(<MovingBar point={samplePoint({ limit: null, range: null })} standing={standings.good} today={null} />);
    expect(host.childElementCount).toBe(0);
  });

  it("writes limits as people do", () => {
    expect(limitText({ min: null, max: 2 })).toBe("≤ 2");
    expect(limitText({ min: 0.2, max: null })).toBe("≥ 0,2");
    expect(limitText({ min: 6, max: 8.5 })).toBe("6 – 8,5");
  });
});
