// Writes src/icons/paths.ts and src/icons/later.ts: the outlines of the Lucide icons that the page uses, and no others.
// `later.ts` is for screens that are loaded later, so that the first load does not carry them. Run it after adding a name:
// `node tools/icons.mjs`. Circles, rectangles and lines become paths, so that an icon is one string.
import { readFileSync, writeFileSync } from "node:fs";

const FIRST = `arrow-right bell bell-off bell-ring check chevron-left chevron-right circle-alert clock cloud-off coffee
copy ellipsis eye-off hand heart-handshake lock log-out menu moon notebook-pen phone plus refresh-cw search
send-horizontal settings shield triangle-alert users volume-2 wifi wifi-off x`;
const LATER = "camera camera-off download eye flag image link message-square printer trash-2 video";

const number = (text, name) => Number(new RegExp(`\\b${name}="([^"]+)"`).exec(text)?.[1] ?? 0);
const outline = {
  // A path may begin with a relative move, which would count from the end of the one before it.
  path: (tag) => /\bd="([^"]+)"/.exec(tag)[1].replace(/^m(-?[\d.]+)[ ,]?(-?[\d.]+)(?=(.?))/, (_, x, y, next) =>
    /[a-z]/i.test(next) || next === "" ? `M${x} ${y}` : `M${x} ${y}l`),
  circle(tag) {
    const [x, y, r] = ["cx", "cy", "r"].map((name) => number(tag, name));
    return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  },
  line: (tag) => `M${number(tag, "x1")} ${number(tag, "y1")}L${number(tag, "x2")} ${number(tag, "y2")}`,
  rect(tag) {
    const [x, y, w, h, r] = ["x", "y", "width", "height", "rx"].map((name) => number(tag, name));
    const arc = (dx, dy) => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
    return `M${x + r} ${y}h${w - 2 * r}${arc(r, r)}v${h - 2 * r}${arc(-r, r)}h${2 * r - w}${arc(-r, -r)}v${2 * r - h}${arc(r, -r)}`;
  },
};

const NOTICE = "Outlines from Lucide (https://lucide.dev), ISC License, copyright Lucide Contributors.";

function write(file, as, names) {
  const lines = names.split(/\s+/).sort().map((name) => {
    const source = readFileSync(new URL(`../node_modules/lucide-static/icons/${name}.svg`, import.meta.url), "utf8");
    const d = [...source.matchAll(/<(path|circle|line|rect)\b[^>]*>/g)].map(([tag, kind]) => outline[kind](tag)).join("");
    return `  "${name}": "${d}",`;
  });
  writeFileSync(
    new URL(`../src/icons/${file}`, import.meta.url),
    `// ${NOTICE}\n// Written by tools/icons.mjs; do not edit.\nexport const ${as} = {\n${lines.join("\n")}\n} as const;\n`,
  );
}

write("paths.ts", "paths", FIRST);
write("later.ts", "laterPaths", LATER);
