// How the dashboard is built, served during development and unit-tested.
// The build goes to dist/, from where the hub embeds it; during development /api goes to a hub on this machine.
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const hub = process.env["HUB_URL"] ?? "http://127.0.0.1:8080";
// The host stays as the browser sent it: the hub refuses a change that comes from another origin.
const proxy = Object.fromEntries(["/api", "/health"].map((path) => [path, { target: hub, changeOrigin: false }]));

const LATER = [
  "pages/(Alarms?|AlarmFigures|AlarmHistory|AlertSettings|Bridge|CommentDialogue|Forwards|More|Similar|Sites)",
  "i18n/(typed|later|(vi|en)\\.(later|alerts|announcement|communes|everyday|forward|notices|officers|own|pages|terms|trends))",
  "(api|lib|state|ui)/(accounts|alarmFigures|BackLink|calendar|CalendarField|DayField|download|field|FormEnd|Icon|MomentField|mqtt|resource|rhythm|ShelveDialogue|Terms)",
].join("|");

/** Chromium then compiles the first file while it comes, not bit by bit while the page waits for it; others see a comment. */
const compiledAsItComes: Plugin = {
  name: "compiled-as-it-comes",
  generateBundle: {
    order: "post",
    handler: (_, bundle) => {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk" && file.isEntry) file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
      }
    },
  },
};

/** English texts are built as lists in the order of the Vietnamese ones (i18n/index.ts joins them): keys that come twice are 4 kB. */
const englishAsLists: Plugin = {
  name: "english-as-lists",
  apply: "build",
  enforce: "pre",
  transform: (code, id) =>
    /\/i18n\/en(\.\w+)?\.ts$/.test(id)
      ? code
          .replace(/= \{/, "= [")
          .replace(/\};\s*$/, "];")
          .replace(/^ {2}"[^"]+":\s+"/gm, '"')
      : null,
};

export default defineConfig({
  plugins: [compiledAsItComes, englishAsLists],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: ["chrome109", "firefox115", "safari16"],
    // Everything is a file of its own: a strict content policy allows neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
    reportCompressedSize: false,
    // Pages that the same people use come together: they share most of their code, and pack smaller.
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            // Whatever the first page needs is one file: many small ones would wait for each other on a slow phone.
            { name: "index", tags: ["$initial"], priority: 1 },
            // The other entries of the navigation, and what many later pages share, come as soon as the first page stands.
            { name: "later", test: new RegExp(`src/(${LATER})\\.`) },
            { name: "devices", test: /src\/(pages\/devices\/|i18n\/(vi|en)\.devices|api\/devices)/ },
            // What administrators and integrators open now and then.
            { name: "admin", test: /src\/(pages\/(accounts|notices\/(?!Acknowledge)|arriving|buses|announcement|OwnHub)|i18n\/(vi|en)\.(arriving|buses)|api\/(accounts|notices|announcement))/ },
            { name: "officers", test: /src\/pages\/(year|compliance|quality|records)\// },
          ],
        },
      },
    },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    // Pages are tested with all their texts.
    setupFiles: ["src/i18n/later.ts"],
    env: { TZ: "UTC" },
  },
});
