// A hub of one's own, for what must not be done to the shared one: stopping it, ending sessions, moving clocks, filling it.
// The binary comes from COMMUNE_HUB. Its folder is gone when it is closed.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY = process.env["COMMUNE_HUB"] ?? "";
const PASSWORD = "mật khẩu của phép thử";
const READY_WITHIN_MS = 60_000;

/** @param {string} id @param {string} timezone @param {number} port @param {string} settings */
const hubToml = (id, timezone, port, settings) => `[commune]
id = "${id}"
name = { vi = "Xã Thử Nghiệm", en = "Test commune" }
timezone = "${timezone}"
[http]
listen = "127.0.0.1:${port}"
[store]
dir = "data"
commit_window = "20ms"
${settings}`;

export class OwnHub {
  /**
   * @param {Record<string, string | Uint8Array>} files Files of the configuration beside hub.toml.
   * @param {{ id?: string, timezone?: string, settings?: string, isNew?: boolean }} [own] The commune's id and clock, sections that
   *   hub.toml has besides, and whether nobody has been given an account yet.
   */
  constructor(files, { id = "thu-nghiem", timezone = "Asia/Ho_Chi_Minh", settings = "", isNew = false } = {}) {
    this.toml = (/** @type {number} */ port) => hubToml(id, timezone, port, settings);
    /** @type {string} */
    this.dir = mkdtempSync(join(tmpdir(), "commune-e2e-"));
    /** @type {import("node:child_process").ChildProcess | null} */
    this.child = null;
    this.url = "";
    /** The one-time code that the hub has printed where nobody has an account yet. */
    this.setupCode = "";
    for (const [name, text] of Object.entries({ "hub.toml": this.toml(0), ...files })) {
      mkdirSync(join(this.dir, name, ".."), { recursive: true });
      writeFileSync(join(this.dir, name), text);
    }
    this.user = "lan";
    this.password = PASSWORD;
    this.token = "";
    if (isNew) return;
    this.command(["user", "add", this.user, "--role", "integrator", "--password-stdin"], `${PASSWORD}\n`);
    this.token = this.command(["token", "add", "feeder", "--role", "integrator"], "").trim();
  }

  /**
   * Runs a command of the hub on the folder.
   * @param {string[]} words
   * @param {string} input
   * @returns {string}
   */
  command(words, input) {
    return execFileSync(BINARY, [...words, "--config", this.dir], { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
  }

  /** Starts it, at the same address as before. */
  async start() {
    const child = spawn(BINARY, ["run", "--config", this.dir], { stdio: ["ignore", "ignore", "pipe"] });
    this.child = child;
    const lines = createInterface({ input: child.stderr });
    const ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the hub is not ready")), READY_WITHIN_MS);
      lines.on("line", (line) => {
        this.setupCode = /enter the set-up code (\S+)/.exec(line)?.[1] ?? this.setupCode;
        if (!line.includes("hub ready")) return;
        clearTimeout(late);
        const said = JSON.parse(line);
        resolve(said.fields?.http ?? said.http);
      });
      child.on("exit", () => reject(new Error("the hub ended before it was ready")));
    });
    const address = String(await ready);
    this.url = `http://${address}`;
    writeFileSync(join(this.dir, "hub.toml"), this.toml(Number(address.split(":").at(-1))));
  }

  /** @param {NodeJS.Signals} signal */
  async stop(signal = "SIGTERM") {
    const child = this.child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.kill(signal);
    await ended;
  }

  async close() {
    await this.stop("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }

  /**
   * Sends readings, each a point, a time in epoch ms and a value.
   * @param {{ point: string, t: number, v: number }[]} readings
   */
  async send(readings) {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    const answer = await fetch(`${this.url}/api/v1/readings`, { method: "POST", headers, body: JSON.stringify({ readings }) });
    if (answer.status !== 204) throw new Error(`readings were answered ${answer.status}: ${await answer.text()}`);
  }

  /**
   * A browser context that is logged in at this hub.
   * @param {import("playwright-core").Browser} browser
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async context(browser, options = {}) {
    const context = await browser.newContext({ baseURL: this.url, locale: "vi-VN", reducedMotion: "reduce", serviceWorkers: "block", viewport: { width: 1280, height: 900 }, ...options });
    const answer = await context.request.post("/api/v1/session", { data: { username: this.user, password: this.password } });
    if (!answer.ok()) throw new Error(`the login was answered ${answer.status()}`);
    return context;
  }
}

/** A water station whose readings are sent in, and a rule that raises at once. */
export const STATION = {
  "sites/station.toml": `id = "tram"
kind = "water_station"
name = { vi = "Trạm thử", en = "Test station" }
[[device]]
id = "plc"
adapter = "push"
[[device.point]]
id = "ph"
quantity = "ph"
expire_after = "10m"
`,
  "rules/ph-high.rhai": `fn rule() { #{ title: #{ vi: "pH cao", en: "pH high" }, priority: "high", watches: #{ quantity: "ph" },
    runbook: #{ vi: "Đo lại bằng máy cầm tay.", en: "Measure again by hand." } } }
fn active(p) { p.value > 8.5 }
`,
};
