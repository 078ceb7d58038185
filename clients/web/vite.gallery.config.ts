import { defineConfig } from "vite";
import pages from "./vite.config.ts";

/**
 * The gallery, and live media without screens for tests to drive, built as the pages are built, into `dist/gallery`:
 * `./do gallery`. It is no part of what is served.
 */
export default defineConfig({
  root: pages.root!,
  oxc: pages.oxc!,
  build: {
    outDir: "../../dist/gallery",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["gallery.html", "media.html"] },
  },
});
