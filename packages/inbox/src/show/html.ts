import type { html } from "hono/html";

/** A piece of a page, in which every text is escaped. */
export type Html = ReturnType<typeof html>;

export { html, raw } from "hono/html";

/** Nothing, where a piece is optional. */
export const nothing = "";
