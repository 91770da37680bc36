/**
 * How long the `Retry-After` header of an HTTP answer asks to wait, in milliseconds: it is a number of seconds or a
 * date, which may be over.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 * @example
 * ```ts
 * const failure = { retryAfterMs: retryAfterMs(response.headers["retry-after"]) };
 * ```
 */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const waitMs = /^\d+$/u.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}
