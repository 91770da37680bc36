export { freeSocket } from "./free-socket.ts";
export { openConfiguredStore } from "./open-configured-store.ts";
export type { ConfiguredStore } from "./open-configured-store.ts";
export { quoteValue, variableOf } from "./serving-environment.ts";
export { startOrRefuse } from "./start-or-refuse.ts";
export { stopOnSignals } from "./stop-on-signals.ts";
