// Shape and word of a status: each priority has its own of both.
import { expect, it } from "vitest";
import { lang } from "../i18n";
import { StatusMark } from "./StatusMark";
import { show, textOf } from "./testing";

it("gives each priority a shape and a word of its own", () => {
  lang.value = "vi";
  const seen = (["critical", "high", "medium", "low"] as const).map((status) => {
    const host = show(<StatusMark status={status} />);
    return [host.querySelector("path")?.getAttribute("d"), textOf(host)];
  });
  expect(seen.map(([, word]) => word)).toEqual(["Nghiêm trọng", "Cao", "Trung bình", "Thấp"]);
  expect(new Set(seen.map(([shape]) => shape)).size).toBe(4);
});

it("is hollow and quiet for what is known", () => {
  expect(show(<StatusMark status="critical" />).querySelector(".mark-filled")).not.toBeNull();
  const quiet = show(<StatusMark status="critical" quiet />);
  expect(quiet.querySelector(".mark-filled")).toBeNull();
  expect(quiet.querySelector(".mark-quiet")).not.toBeNull();
});

it("leaves the word away where it stands near by", () => {
  expect(textOf(show(<StatusMark status="high" word={null} />))).toBe("");
});
