import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { build } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here("../../server/site/static");
const PAGES: Record<string, string> = { "index.html": "/", "oncall.html": "/oncall", "weather.html": "/weather" };

/**
 * Builds src/sw.ts into /sw.js after the pages: one file under a name that never changes, a classic script (no browser
 * needs to know module workers), at the root so that its scope is the whole site.
 *
 * It may use two names: `__PRECACHE__`, the addresses of all that a page needs to open without a network, and
 * `__BUILD__`, which changes when the text of any of these does.
 */
function serviceWorker(): Plugin {
  return {
    name: "beside-service-worker",
    apply: "build",
    async closeBundle(error?: Error) {
      if (error) return;
      const version = createHash("sha256");
      const addresses: string[] = [];
      const entries = readdirSync(OUT, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const names = entries.map((entry) => join(entry.parentPath, entry.name).slice(OUT.length + 1)).sort();
      for (const name of names) {
        version.update(name).update(readFileSync(join(OUT, name)));
        addresses.push(PAGES[name] ?? `/${name}`);
      }
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        define: {
          __PRECACHE__: JSON.stringify(addresses),
          __BUILD__: JSON.stringify(version.digest("hex").slice(0, 16)),
        },
        build: {
          outDir: OUT,
          emptyOutDir: false,
          target: "es2022",
          rolldownOptions: {
            input: here("src/sw.ts"),
            output: { format: "iife", entryFileNames: "sw.js" },
          },
        },
      });
    },
  };
}

type Modules = { getModuleInfo(id: string): { importedIds: readonly string[] } | null };

/** All that a module loads at once, itself too: not what it imports later. */
function loadedBy(module: string, modules: Modules, known = new Set<string>()): ReadonlySet<string> {
  if (!known.has(module)) {
    known.add(module);
    for (const next of modules.getModuleInfo(module)?.importedIds ?? []) loadedBy(next, modules, known);
  }
  return known;
}

/**
 * What both pages load at once is one file. Left to itself the bundler cuts it in two along what the later screens use,
 * and two files compress worse than one: 1.4 KB more in the first load.
 */
function sharedByPages(id: string, modules: Modules): string | null {
  const pages = ["src/main.tsx", "src/oncall.tsx"].map((page) => loadedBy(here(page), modules));
  return pages.every((page) => page.has(id)) ? "shared" : null;
}

export default defineConfig({
  root: here("."),
  plugins: [serviceWorker()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // no data: addresses: the content security policy allows 'self' alone
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: here("index.html"), oncall: here("oncall.html") },
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
        codeSplitting: { groups: [{ name: sharedByPages }] },
      },
    },
  },
  server: {
    proxy: {
      "/api": "http://127.0.0.1:8080",
      "/ws": { target: "ws://127.0.0.1:8080", ws: true },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    passWithNoTests: true,
    restoreMocks: true,
  },
});
