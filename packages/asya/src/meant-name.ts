/**
 * The known name that an unknown one is probably meant to be, such as `prompt` for `promt`; `undefined` where it is a
 * known one, or like none.
 *
 * @example
 * ```ts
 * meantName("promt", ["prompt", "fields"]); // "prompt"
 * ```
 */
export function meantName(name: string, known: readonly string[]): string | undefined {
  return known.includes(name) ? undefined : known.find((candidate) => isMistypedAs(name, candidate));
}

function isMistypedAs(name: string, known: string): boolean {
  const [typed, meant] = [bare(name), bare(known)];
  // Of four letters, two others make too many words that mean something else: mode, time.
  const maxEdits = meant.length > 4 ? 2 : 1;
  return Math.abs(typed.length - meant.length) <= maxEdits && editDistance(typed, meant) <= maxEdits;
}

/** `payloadKey` and `Payload-Key` are `payload_key` as other languages write it. */
function bare(name: string): string {
  return name.replaceAll(/[\s_-]/gu, "").toLowerCase();
}

/** How many letters are missing, too many, wrong, or exchanged with their neighbour (the optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isExchanged = row > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isExchanged ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
