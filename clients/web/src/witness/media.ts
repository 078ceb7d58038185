// Live media of a witnessed action, as the screens use it: api.ts says what each does. Import it from lazy chunks alone.
export { attend } from "./attend";
export { memberKeys, witnessKeys } from "./keys";
export { send } from "./send";
export { watch } from "./watch";
export { NotAPhoto } from "./api";
