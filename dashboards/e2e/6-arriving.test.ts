// What arrives over MQTT, seen by an integrator while real clients publish: mqtt.js here and in the page, over WebSocket.
import { readFileSync } from "node:fs";
import mqtt from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HUB_URL } from "./browser.mjs";
import { overflowOf, seriousFaults, useBrowser, visit } from "./support";

const { open } = useBrowser();
const BROKER = `${HUB_URL.replace(/^http/, "ws")}/mqtt`;
const LOGIN = { username: "ubnd-wifi", password: "demo-ubnd-wifi" };
const OWN = "commune/v1/ubnd-wifi/ap-01";
const asAdmin = { loggedIn: true, asAdmin: true };

let client: mqtt.MqttClient;
beforeAll(async () => {
  client = await mqtt.connectAsync(BROKER, { ...LOGIN, protocolVersion: 5, reconnectPeriod: 0 });
});
afterAll(async () => {
  await client.endAsync();
});

describe("mqtt.js", () => {
  it("publishes at each quality over WebSocket with both versions, and gets back what it subscribed to", async () => {
    for (const protocolVersion of [4, 5] as const) {
      const other = await mqtt.connectAsync(BROKER, { ...LOGIN, protocolVersion, reconnectPeriod: 0 });
      const heard: string[] = [];
      other.on("message", (_, payload) => heard.push(payload.toString()));
      await other.subscribeAsync(`${OWN}/echo`, { qos: 2 });
      for (const qos of [0, 1, 2] as const) await other.publishAsync(`${OWN}/echo`, `đèn ${qos}`, { qos });
      await expect.poll(() => heard.sort(), { timeout: 30_000 }).toEqual(["đèn 0", "đèn 1", "đèn 2"]);
      await other.endAsync();
    }
  });

  it("is told by MQTT 5 that a topic is not its own", async () => {
    await expect(client.publishAsync("somebody/else", "1", { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  });

  it("works in a browser", async () => {
    const { context, page } = await open({}, { loggedIn: false });
    await page.goto("/login");
    // Evaluated, not added as a script: the page's own policy stays in force.
    await page.evaluate(`${readFileSync("node_modules/mqtt/dist/mqtt.min.js", "utf8")}\nglobalThis.mqtt = mqtt;`);
    const heard = await page.evaluate(
      async ({ login, topic }) => {
        const { mqtt: browsers } = window as unknown as { mqtt: typeof mqtt };
        const own = await browsers.connectAsync(`${location.origin.replace(/^http/, "ws")}/mqtt`, { ...login, reconnectPeriod: 0 });
        const first = new Promise<string>((tell) => own.on("message", (_, payload) => tell(payload.toString())));
        await own.subscribeAsync(topic, { qos: 1 });
        await own.publishAsync(topic, "từ trình duyệt", { qos: 1 });
        const said = await first;
        await own.endAsync();
        return said;
      },
      { login: LOGIN, topic: `${OWN}/browser` },
    );
    expect(heard).toBe("từ trình duyệt");
    await context.close();
  });
});

describe("what arrives", () => {
  it("is shown with its points, and a topic without one with a configuration to copy", async () => {
    const topic = `${OWN}/new-sensor`;
    await client.publishAsync(topic, JSON.stringify({ mac: "aa:bb:cc:dd:ee:ff", tank: { level: 1.25, battery: 88 } }), { qos: 1 });
    const { context, page } = await open({ size: "desktop" }, asAdmin);
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: HUB_URL });
    await visit(page, "/arriving");
    await page.getByText("đã nhận").first().waitFor();
    const unknown = page.locator(`[data-unknown="${topic}"]`);
    await unknown.locator("summary").click();
    await unknown.getByText("(mac)").waitFor();
    expect(await unknown.getByText("aa:bb").count()).toBe(0);
    await unknown.getByRole("button", { name: "Đề xuất cấu hình" }).click();
    await unknown.getByRole("button", { name: "Sao chép cấu hình của tank.level" }).click();
    await page.getByText("Đã sao chép").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain('id = "level"\nquantity = "level"\n');
    expect(copied).toContain(`topic = "${topic}"\npath = "tank.level"\n`);
    await context.close();
  });

  it("is found by kind and text, and the choice stands in the address", async () => {
    await client.publishAsync(`${OWN}/telemetry`, "broken", { qos: 1 }).catch(() => undefined);
    const { context, page } = await open({}, asAdmin);
    await visit(page, "/arriving");
    await page.getByLabel("Hiển thị").selectOption("unreadable");
    await page.getByLabel("Tìm trong chủ đề").fill("ap-01");
    await page.waitForURL(/show=unreadable/);
    const found = page.locator(`[data-topic="${OWN}/telemetry"]`).first();
    await found.getByText("không đọc được").waitFor();
    await found.locator("summary").click();
    await found.getByText("Nội dung không phải là JSON.").waitFor();
    await context.close();
  });

  it("names what a login was refused, with the last topic", async () => {
    await client.publishAsync("somebody/else/again", "1", { qos: 1 }).catch(() => undefined);
    const { context, page } = await open({ size: "desktop" }, asAdmin);
    await visit(page, "/arriving");
    const refused = page.getByRole("region", { name: "Bị từ chối" });
    await refused.getByText("somebody/else/again").waitFor();
    await refused.getByText("ubnd-wifi", { exact: true }).waitFor();
    await context.close();
  });

  it("is for integrators only, and has no serious fault that axe finds, in both languages and themes", async () => {
    const staff = await open();
    expect((await staff.context.request.get("/api/v1/mqtt/arrivals")).status()).toBe(403);
    await visit(staff.page, "/more");
    expect(await staff.page.getByRole("link", { name: /Đang nhận/ }).count()).toBe(0);
    await staff.context.close();
    for (const lang of ["vi", "en"] as const) {
      for (const scheme of ["light", "dark"] as const) {
        const { context, page } = await open({ lang, scheme, size: lang === "vi" ? "phone" : "desktop" }, asAdmin);
        await visit(page, "/arriving");
        await page.locator("[data-topic] summary").first().click();
        expect(await seriousFaults(page)).toEqual([]);
        const overflow = await overflowOf(page);
        expect(overflow).toBeLessThanOrEqual(0);
        await context.close();
      }
    }
  });
});
