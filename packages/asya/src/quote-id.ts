const shownLength = 500;

/** An id as a message for people shows it: whole, unless no key could hold it anyway. */
export function quoteId(id: string): string {
  if (id.length <= shownLength) return JSON.stringify(id);
  return `${JSON.stringify(id.slice(0, 100))}… (${id.length} characters)`;
}
