// The present: sites that a phone does not show yet wait until the page can be operated.
import { afterEach, expect, it, vi } from "vitest";
import type { Site } from "../api/types";
import { store } from "../state/store";
import { show } from "../ui/testing";
import { Now } from "./Now";

const site = (id: string): Site => ({ id, kind: "water_station", name: { vi: id, en: id }, location: null, state: "normal", points: 0, alarms: 0 });

afterEach(() => store.clear());

it("draws two sites first, and all of them as soon as the browser has time", async () => {
  store.sites.value = ["tam-hop", "nam-ban", "son-tang"].map(site);
  store.replacePoints([]);
  const host = show(<Now />);
  const drawn = () => [...host.querySelectorAll("[data-site]")].map((card) => card.getAttribute("data-site"));
  expect(drawn()).toEqual(["tam-hop", "nam-ban"]);
  await vi.waitFor(() => expect(drawn()).toEqual(["tam-hop", "nam-ban", "son-tang"]));
});
