export { serveInbox } from "./serve-inbox.ts";
export type { ServedInbox, ServeInboxOptions } from "./serve-inbox.ts";
