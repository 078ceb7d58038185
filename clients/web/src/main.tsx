import "./design/tokens.css";
import "./design/base.css";
import { render } from "preact";
import { App, armCallReturn } from "./App";
import { armReturn, start } from "./app/start";
import { armKeys } from "./app/keys";
import { registerWorker } from "./app/trusted";

const root = document.getElementById("app");
if (root) {
  start("member");
  armReturn();
  armCallReturn();
  armKeys();
  render(<App />, root);
  void registerWorker();
}
