export { serveStateProxy } from "./serve-state-proxy.ts";
export type { ServeStateProxyOptions, StateProxyServer } from "./serve-state-proxy.ts";
export type { WriteMode } from "./state-mount.ts";
