// Unpacks the Chromium that comes inside an npm package, for machines that have none, and prints where it is. Only the
// browser tests use it. The package is made for a cloud function without fonts and libraries; its own are used
// where this machine's are missing.
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("./node_modules/.cache/chromium", import.meta.url));
const start = join(folder, "start");

if (!existsSync(start)) {
  rmSync(folder, { recursive: true, force: true }); // an earlier run may have been stopped half-way
  mkdirSync(folder, { recursive: true });
  process.env.TMPDIR = folder; // the package unpacks into the temporary folder, which two checkouts would share
  const { default: chromium, inflate } = await import("@sparticuz/chromium");
  await chromium.executablePath();
  const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..", "bin");
  await inflate(join(packed, "al2023.tar.br"));
  writeFileSync(
    start,
    `#!/bin/sh
here='${folder.replaceAll("'", "'\\''")}'
[ -d /etc/fonts ] || export FONTCONFIG_PATH="$here/fonts"
if ldd "$here/chromium" | grep -q 'not found'; then
  export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
exec "$here/chromium" "$@"
`,
  );
  chmodSync(start, 0o755);
}
console.log(start);
