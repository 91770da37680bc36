export { startCountingProxy } from "./counting-proxy.ts";
export type { CountingProxy, CountingProxySettings } from "./counting-proxy.ts";
export { findProgram } from "./find-program.ts";
export type { ServerName } from "./server-definition.ts";
export { startServer } from "./start-server.ts";
export type { TestServer } from "./test-server.ts";
export { testProgram } from "./test-program.ts";
export { testServer } from "./test-server.ts";
export type { MissingServer, RunningServer, StartServerOptions } from "./start-server.ts";
