export { createInbox } from "./create-inbox.ts";
export type { Inbox, InboxOptions } from "./create-inbox.ts";
export { InboxError } from "./inbox-error.ts";
export type { InboxErrorCode } from "./inbox-error.ts";
export { localLogin } from "./login/local-login.ts";
export type { LocalLogin, LocalLoginOptions } from "./login/local-login.ts";
