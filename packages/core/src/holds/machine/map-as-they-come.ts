import { nextTick } from "node:process";

/**
 * What `each` makes of the elements of a source, in the order in which it comes to be, with at most so many under way.
 * All that has come since the last time is handed over at once: one by one, each result would be waited for.
 *
 * When as many results as that wait for a consumer that is slower, nothing is begun before it has taken them all. What
 * is begun then is begun together, so that a client may send it in one write: begun one by one, each as a result is
 * taken, every request would be a system call of its own.
 *
 * @throws whatever the source or `each` throws, once what has come before is taken
 * @example
 * ```ts
 * for await (const bodies of mapAsTheyCome(keys, 16, (key) => read(key))) console.log(...bodies);
 * ```
 */
export async function* mapAsTheyCome<Element, Result>(
  source: AsyncIterable<Element>,
  atOnce: number,
  each: (element: Element) => Promise<Result>,
): AsyncGenerator<readonly Result[]> {
  const elements = source[Symbol.asyncIterator]();
  let results: Result[] = [];
  let arrival = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  let isOver = false;
  let beginning: Promise<void> | undefined;
  // One element comes after the other, and some clients send what they have been given as soon as they can.
  const begunTogether = (): Promise<void> => {
    beginning ??= new Promise((resolve) => {
      nextTick(() => {
        beginning = undefined;
        resolve();
      });
    });
    return beginning;
  };
  const work = async (): Promise<void> => {
    for (;;) {
      const element = await elements.next();
      if (element.done === true || isOver) return;
      await begunTogether();
      const result = await each(element.value);
      // Only now: meanwhile the consumer may have taken the array that was.
      results.push(result);
      arrival.resolve();
      if (results.length >= atOnce) await room.promise;
    }
  };
  let failure: { readonly error: unknown } | undefined;
  const end = (): void => {
    isOver = true;
    arrival.resolve();
  };
  Promise.all(Array.from({ length: atOnce }, work)).then(end, (error: unknown) => {
    failure = { error };
    end();
  });
  try {
    for (;;) {
      await arrival.promise;
      arrival = Promise.withResolvers<void>();
      const taken = results;
      results = [];
      room.resolve();
      room = Promise.withResolvers<void>();
      if (taken.length > 0) yield taken;
      if (isOver && results.length === 0) break;
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    isOver = true;
    room.resolve();
    // Not awaited: a source that hangs would hang the consumer, who has left.
    elements.return?.().catch(() => undefined);
  }
}
