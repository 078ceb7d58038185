// Prints what the member page weighs, gzipped, and fails above the limit: a phone on a bad line at 2 a.m. waits for it.
// Counted is all that index.html loads before it can be used; screens that load later are shown beside it.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 60;
const site = new URL("../../../server/site/static/", import.meta.url);
const kb = (path) => gzipSync(readFileSync(new URL(path, site)), { level: 9 }).length / 1024;

const page = readFileSync(new URL("index.html", site), "utf8");
const first = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
const later = readdirSync(new URL("assets/", site))
  .filter((name) => /\.(js|css)$/.test(name) && !first.includes(`assets/${name}`))
  .map((name) => `assets/${name}`);

const sum = (paths) => paths.reduce((total, path) => total + kb(path), 0);
for (const path of first) console.log(`${kb(path).toFixed(1).padStart(6)} KB  ${path}`);
for (const path of later) console.log(`${kb(path).toFixed(1).padStart(6)} KB  ${path}  (later, or the on-call page)`);
console.log(`${sum(first).toFixed(1).padStart(6)} KB  the member page, of ${LIMIT_KB}`);
if (sum(first) > LIMIT_KB) {
  console.error("The member page is too heavy.");
  process.exit(1);
}
