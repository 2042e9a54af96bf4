// Fetched things of a page: loading, there, failed; what was there stays through a failed renewal.
import { expect, it } from "vitest";
import { HubError } from "../api/client";
import { connection } from "../state/connection";
import { doing, show, textOf } from "../ui/testing";
import { useResource } from "./resource";

function Page({ id, turn, fetcher }: { id: string; turn: string; fetcher: () => Promise<string> }) {
  const [found, reload] = useResource(id, fetcher, turn);
  const { data, error, loading } = found.value;
  return (
    <button type="button" onClick={reload}>
      {`${loading ? "loading" : "still"} ${data ?? "nothing"} ${error?.status ?? "fine"}`}
    </button>
  );
}

const settle = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

it("keeps what was there when a renewal fails, and renews when the hub is back", async () => {
  let answer: () => Promise<string> = () => Promise.resolve("first");
  const host = show(<Page id="a" turn="" fetcher={() => answer()} />);
  expect(textOf(host)).toBe("loading nothing fine");
  await settle();
  doing(() => undefined);
  expect(textOf(host)).toBe("still first fine");

  answer = () => Promise.reject(new HubError(0, ""));
  doing(() => host.querySelector("button")?.click());
  await settle();
  doing(() => undefined);
  expect(textOf(host)).toBe("still first 0");

  answer = () => Promise.resolve("second");
  doing(() => (connection.value = { state: "lost", since: 0 }));
  doing(() => (connection.value = { state: "live", since: null }));
  await settle();
  doing(() => undefined);
  expect(textOf(host)).toBe("still second fine");
});
