// Holds the build against its budget, in gzipped kilobytes: the first load, and everything together. Prints the figures.
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_KB = 60;
const ALL_KB = 180;
const dist = join(import.meta.dirname, "..", "dist");

/** @param {string} name */
const gzipKb = (name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length / 1000;

const html = readFileSync(join(dist, "index.html"), "utf8");
// What the page names itself is fetched before anything is seen; the rest comes when a page asks for it.
const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1] ?? "");
const first = ["index.html", ...named];
/** Leaflet comes with the map alone, the editor of code with the rules, the tools that add and probe devices with theirs; the
 *  pictures of both map and app the page does not ask for. @param {string} name */
const isApart = (name) => /^(assets\/(Map-|layers|marker|Rule-|devices-|DiffView-)|icon-)/.test(name);
const all = readdirSync(dist, { recursive: true })
  .map(String)
  .filter((name) => extname(name) !== "");

let firstKb = 0;
let allKb = 0;
for (const name of all.sort()) {
  const kb = gzipKb(name);
  const isFirst = first.includes(name) && !isApart(name);
  if (!isApart(name)) allKb += kb;
  if (isFirst) firstKb += kb;
  process.stdout.write(`${kb.toFixed(1).padStart(7)} kB  ${isFirst ? "first" : isApart(name) ? "apart" : "later"}  ${name}\n`);
}
process.stdout.write(`first load ${firstKb.toFixed(1)} kB of ${FIRST_LOAD_KB}, all ${allKb.toFixed(1)} kB of ${ALL_KB} (gzip)\n`);
if (firstKb > FIRST_LOAD_KB || allKb > ALL_KB) {
  process.stderr.write("the dashboard is over its budget\n");
  process.exit(1);
}
