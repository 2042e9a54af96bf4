// The forwarding card: what holds data up is said in words, and nothing stands where nothing is forwarded.
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";
import * as calls from "../api/calls";
import type { Forward } from "../api/types";
import "../i18n/later";
import Forwards from "./Forwards";

const forwards = vi.hoisted(() => ({ all: [] as unknown[] }));
vi.mock("../api/calls", () => ({ getForwards: () => Promise.resolve(forwards.all) }));

const WELL: Forward = {
  id: "province",
  kind: "influxdb2",
  url: "https://influx.example:8086",
  what: "raw",
  lag_s: 1,
  waiting_commits: 0,
  owed: 0,
  oldest_owed: null,
  lines: 12_345,
  bytes: 2_500_000,
  errors: 0,
  refused: 0,
  arrived_at: "2026-03-01T09:00:00+07:00",
  failing: null,
};

/** What stands on the page once the hub has answered. */
async function shown(all: Forward[]): Promise<string> {
  forwards.all = all;
  const host = document.createElement("div");
  document.body.append(host);
  const answered = vi.spyOn(calls, "getForwards");
  await act(() => render(<Forwards />, host));
  await vi.waitFor(() => expect(answered).toHaveBeenCalled());
  if (all.length > 0) await vi.waitFor(() => expect(host.textContent).not.toBe(""));
  return host.textContent ?? "";
}

afterEach(() => document.body.replaceChildren());

test("a way out that works says so", async () => {
  const text = await shown([WELL]);
  expect(text).toContain("đang gửi");
  expect(text).toContain("Đã gửi hết.");
  expect(text).toContain("12.345 dòng, 2,5 MB");
});

test("one that fails says that nothing is lost, since when, and why", async () => {
  const text = await shown([{ ...WELL, failing: "answered 503", owed: 3, oldest_owed: "2026-03-01T08:00:00+07:00", lag_s: 600, refused: 1 }]);
  expect(text).toContain("chưa gửi được");
  expect(text).toContain("vẫn được giữ tại đây");
  expect(text).toContain("Còn phải gửi bù từ");
  expect(text).toContain("1 dòng bị nơi nhận từ chối");
  expect(text).toContain("answered 503");
});

test("nothing stands where nothing is forwarded", async () => {
  expect(await shown([])).toBe("");
});
