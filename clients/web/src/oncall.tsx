import "./design/tokens.css";
import "./design/base.css";
import { render } from "preact";
import { armKeys } from "./app/keys";
import { armReturn, start } from "./app/start";
import { registerWorker } from "./app/trusted";
import { OnCall, armDesk } from "./desk/OnCall";

const root = document.getElementById("app");
if (root) {
  start("oncall");
  armReturn();
  armDesk();
  armKeys();
  render(<OnCall />, root);
  void registerWorker();
}
