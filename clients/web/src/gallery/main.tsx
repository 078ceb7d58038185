import "../design/tokens.css";
import "../design/base.css";
import { render } from "preact";
import { App } from "../App";
import { sendThrough } from "../app/sender";
import { OnCall } from "../desk/OnCall";
import { show, states } from "./states";

// `gallery.html?state=ringing&theme=dark&dir=rtl&zoom=200`, on the development server alone.
const asked = new URLSearchParams(location.search);
const name = asked.get("state") ?? "";
const html = document.documentElement;
if (asked.get("theme")) html.dataset["theme"] = asked.get("theme") ?? "";
html.dir = asked.get("dir") ?? "ltr";
if (asked.get("zoom")) html.style.fontSize = `${asked.get("zoom")}%`;

// Nobody answers here: what a screen asks stays open.
sendThrough({ ask: () => new Promise(() => {}), tell() {}, tryNow() {} });

const root = document.getElementById("app");
if (root && name in states) {
  show(name);
  render(asked.get("page") === "oncall" ? <OnCall /> : <App />, root);
} else if (root) {
  render(
    <ul>
      {Object.keys(states).map((state) => (
        <li key={state}>
          <a href={`?state=${state}${state === "desk" ? "&page=oncall" : ""}`}>{state}</a>
        </li>
      ))}
    </ul>,
    root,
  );
}
