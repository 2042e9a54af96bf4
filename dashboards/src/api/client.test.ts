// What a refusal says is in the reader's language, whoever answered.
import { afterEach, expect, test } from "vitest";
import { lang } from "../i18n";
import { refusal } from "./client";

const problem = {
  status: 404,
  title: "Not found",
  detail: "id: no alarm 7",
  detail_vi: "id: không có cảnh báo 7",
  errors: [{ at: "id", detail: "no alarm 7", detail_vi: "không có cảnh báo 7" }],
};

const initial = lang.peek();
afterEach(() => (lang.value = initial));

test("a refusal by the hub is told in the language that is read", () => {
  lang.value = "vi";
  expect(refusal(problem, 404)).toMatchObject({ status: 404, title: problem.detail_vi, errors: [{ at: "id", detail: "không có cảnh báo 7" }] });
  lang.value = "en";
  expect(refusal(problem, 404)).toMatchObject({ title: problem.detail, errors: [{ at: "id", detail: "no alarm 7" }] });
});

test("what a server between says in its own words is not shown", () => {
  lang.value = "vi";
  expect(refusal(null, 502).title).toBe("Máy chủ báo lỗi 502. Vui lòng thử lại sau.");
});
