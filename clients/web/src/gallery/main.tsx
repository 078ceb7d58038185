import "../design/tokens.css";
import "../design/base.css";
import { render } from "preact";
import { sendThrough } from "../app/sender";
import { answerTo, answerToGet } from "./answers";
import { pageOf, pressAll, until } from "./open";
import { states } from "./states";

// `gallery.html?state=ringing&theme=dark&dir=rtl&zoom=200`, on the development server or built by `./do gallery`; without
// a state it lists them all. `data-ready` on the root says that the state stands: nothing in it changes by itself.
const asked = new URLSearchParams(location.search);
const name = asked.get("state") ?? "";
const html = document.documentElement;
if (asked.get("theme")) html.dataset["theme"] = asked.get("theme") ?? "";
html.dir = asked.get("dir") ?? "ltr";
if (asked.get("zoom")) html.style.fontSize = `${asked.get("zoom")}%`;

sendThrough({ ask: answerTo, tell() {}, tryNow() {} });
globalThis.fetch = (address) => answerToGet(String(address));

// These two stay as they are where whoever looks keeps the later screens from coming.
const stands: Record<string, string> = { loading: "[data-screen=loading]", loading_failed: "[data-screen=loading] [role=alert]" };

async function stand(root: Element): Promise<void> {
  render(pageOf(name), root);
  await pressAll(name, root, (deed) => (deed(), new Promise((resolve) => setTimeout(resolve))));
  await until(() => root.querySelector(stands[name] ?? "[data-screen]:not([data-screen=loading])"), `${name} stands`);
  await document.fonts.ready;
  html.dataset["ready"] = "";
}

const root = document.getElementById("app");
if (root && name in states) {
  void stand(root);
} else if (root) {
  render(
    <ul>
      {Object.keys(states).map((state) => (
        <li key={state}>
          <a href={`?state=${state}`}>{state}</a>
        </li>
      ))}
    </ul>,
    root,
  );
}
