export { readInboxConfig } from "./config/read-inbox-config.ts";
export type { InboxConfig } from "./config/read-inbox-config.ts";
export { serveInbox } from "./serve-inbox.ts";
export type { ServedInbox, ServeInboxOptions } from "./serve-inbox.ts";
