import type { Context } from "hono";

/** The address of a request, as its own page links to it. */
export function pathOf(context: Context): string {
  const { pathname, search } = new URL(context.req.url);
  return `${pathname}${search}`;
}
