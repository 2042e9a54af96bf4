// What a refusal says is in the reader's language, whoever answered.
import { afterEach, expect, test } from "vitest";
import { lang } from "../i18n";
import { getBuckets } from "./calls";
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

test("more spans than the hub hands out at once are asked for part by part, and come as one", async () => {
  const asked: { from: number; to: number; buckets: number }[] = [];
  const { fetch } = globalThis;
  // The hub's own bound is that of its tests; here, what is asked of it.
  globalThis.fetch = (async (request: Request) => {
    const query = new URL(request.url).searchParams;
    const [from, to] = ["from", "to"].map((name) => Date.parse(query.get(name) ?? ""));
    asked.push({ from: from ?? 0, to: to ?? 0, buckets: Number(query.get("buckets")) });
    const answer = { point: "a/b/c", unit: "mg/L", t: [from], min: [1], mean: [2], max: [3], n: [asked.length] };
    return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
  }) as typeof globalThis.fetch;
  const MINUTE = 60_000;
  const [found] = await getBuckets(["a/b/c"], 0, 12_000 * MINUTE, 12_000).finally(() => (globalThis.fetch = fetch));
  expect(asked).toEqual([
    { from: 0, to: 5_000 * MINUTE, buckets: 5_000 },
    { from: 5_000 * MINUTE, to: 10_000 * MINUTE, buckets: 5_000 },
    { from: 10_000 * MINUTE, to: 12_000 * MINUTE, buckets: 2_000 },
  ]);
  expect(found).toMatchObject({ t: [0, 5_000 * MINUTE, 10_000 * MINUTE], n: [1, 2, 3] });
});

test("what a server between says in its own words is not shown", () => {
  lang.value = "vi";
  expect(refusal(null, 502).title).toBe("Máy chủ báo lỗi 502. Vui lòng thử lại sau.");
});
