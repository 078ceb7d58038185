/** The one script address that this page may register. Anything else is refused by the browser and by this policy. */
interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

const rules = {
  createScriptURL(url: string): string {
    if (url !== "/sw.js") throw new TypeError(`not a script of ours: ${url}`);
    return url;
  },
};

const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;

export async function registerWorker(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const address = policies?.createPolicy("beside", rules).createScriptURL("/sw.js") ?? rules.createScriptURL("/sw.js");
  await navigator.serviceWorker.register(address as string).catch(() => {});
}
