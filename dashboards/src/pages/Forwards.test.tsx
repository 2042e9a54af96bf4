// The forwarding card: what holds data up is said in words, and nothing stands where nothing is forwarded.
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";
import * as calls from "../api/calls";
import type { MqttLink } from "../api/mqtt";
import type { Forward, Role } from "../api/types";
import "../i18n/later";
import { session } from "../state/commune";
import Forwards from "./Forwards";

const answers = vi.hoisted(() => ({ forwards: [] as unknown[], links: [] as unknown[] }));
vi.mock("../api/calls", () => ({ getForwards: () => Promise.resolve(answers.forwards) }));
vi.mock("../api/mqtt", () => ({ getDoor: () => Promise.resolve({ links: answers.links }) }));

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
  failing_vi: null,
};

const BRIDGE: MqttLink = {
  broker: "mqtts://district.example:8883",
  client_id: "tam-hop-district",
  bridge: "district",
  connected_since: "2026-03-01T08:00:00+07:00",
  down_since: null,
  trouble: null,
  last_message: "2026-03-01T09:00:00+07:00",
  silent_s: null,
  refused: [],
  messages: 1_234,
  connects: 1,
  sessions_lost: 0,
  waiting: 0,
  owed: 0,
  waiting_messages: 0,
  dropped_messages: 0,
  waiting_since: null,
  last_error: null,
  devices: [],
};

/** What stands on the page once the hub has answered. */
async function shown(forwards: Forward[], links: MqttLink[] = [], role: Role = "integrator"): Promise<string> {
  Object.assign(answers, { forwards, links });
  session.value = { username: "hoa", role } as typeof session.value;
  const host = document.createElement("div");
  document.body.append(host);
  const answered = vi.spyOn(calls, "getForwards");
  await act(() => render(<Forwards />, host));
  await vi.waitFor(() => expect(answered).toHaveBeenCalled());
  const isAnything = forwards.length > 0 || (links.some((link) => link.bridge !== null) && role === "integrator");
  if (isAnything) await vi.waitFor(() => expect(host.textContent).not.toBe(""));
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
  const text = await shown([{ ...WELL, failing: "answered 503", failing_vi: "nơi nhận trả lời 503", owed: 3, oldest_owed: "2026-03-01T08:00:00+07:00", lag_s: 600, refused: 1 }]);
  expect(text).toContain("chưa gửi được");
  expect(text).toContain("vẫn được giữ tại đây");
  expect(text).toContain("Còn phải gửi bù từ");
  expect(text).toContain("1 dòng bị nơi nhận từ chối");
  expect(text).toContain("nơi nhận trả lời 503");
});

test("nothing stands where nothing is forwarded", async () => {
  expect(await shown([], [{ ...BRIDGE, bridge: null }])).toBe("");
});

test("a bridge says what waits, since when, what was lost and its last error, and only to integrators", async () => {
  const held: MqttLink = {
    ...BRIDGE,
    connected_since: null,
    down_since: "2026-03-01T08:00:00+07:00",
    trouble: "not connected: timed out",
    waiting: 3,
    owed: 2,
    waiting_messages: 1_025,
    dropped_messages: 7,
    waiting_since: "2026-03-01T08:15:00+07:00",
    last_error: { at: "2026-03-01T08:20:00+07:00", why: "timed out", why_vi: "không có trả lời trong 10 giây" },
  };
  const text = await shown([WELL], [held]);
  expect(text).toContain("Cầu nối district");
  expect(text).toContain("1.025 tin · 3 lượt ghi số liệu · 2 ngày số liệu phải gửi bù từ");
  expect(text).toContain("08:15");
  expect(text).toContain("vẫn được giữ tại đây");
  expect(text).toContain("7 tin cũ đã bị bỏ");
  expect(text).toMatch(/Lỗi gần nhất \(.*08:20.*\)không có trả lời trong 10 giây/);
  expect(await shown([WELL], [held], "staff")).not.toContain("Cầu nối");
});

test("a bridge that works says that all has been sent, and keeps its last error", async () => {
  const text = await shown([], [{ ...BRIDGE, last_error: { at: "2026-03-01T08:20:00+07:00", why: "refused", why_vi: "broker từ chối kết nối (mã 3)" } }]);
  expect(text).toContain("Đã gửi hết.");
  expect(text).toContain("1.234 tin");
  expect(text).toContain("broker từ chối kết nối (mã 3)");
});
