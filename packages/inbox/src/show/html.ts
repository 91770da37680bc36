import { html as escape } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** A piece of a page, in which every text is escaped. */
export type Html = HtmlEscapedString;

/** Makes a piece of a page. Nothing that is put into one is a promise, so neither is what comes out. */
export const html = escape as (strings: TemplateStringsArray, ...values: readonly unknown[]) => Html;

export { raw } from "hono/html";

/** Nothing, where a piece is optional. */
export const nothing = "";
