/** Choices that a seed decides. */
export interface Random {
  /** From 0 up to, and without, 1. */
  fraction(): number;
  /** A whole number; both ends may come. */
  integer(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** Another source, decided by this one's seed and the name alone, whatever has been drawn so far. */
  named(name: string): Random;
}

/**
 * A small random source for repeatable choices; for no secret.
 *
 * @example
 * ```ts
 * const random = createRandom("7").named("task 12");
 * random.integer(1, 6);
 * ```
 */
export function createRandom(seed: string): Random {
  let state = hash(seed);
  // Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    named: (name) => createRandom(`${seed}/${name}`),
  };
}

/** A seed for whoever names none. */
export function drawSeed(): string {
  return String(Math.floor(Math.random() * 1_000_000));
}

/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value;
}
