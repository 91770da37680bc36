export { startServer } from "./start-server.ts";
export type { MissingServer, RunningServer, StartServerOptions } from "./start-server.ts";
export type { ServerName } from "./server-definition.ts";
