import { setImmediate as turn } from "node:timers/promises";

import { expect, test } from "vitest";

import { mapAsTheyCome } from "./map-as-they-come.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number += 1) yield number;
}

test.each([0, 1, 3, 4, 5, 1_000])("gives what is made of each of %i elements, once", async (count) => {
  const results = await Array.fromAsync(
    mapAsTheyCome(numbers(count), 4, async (number) => {
      if (number % 3 === 0) await turn();
      return number;
    }),
  );
  expect(results.every((come) => come.length > 0)).toBe(true);
  expect(results.flat().toSorted((left, right) => left - right)).toEqual(
    Array.from({ length: count }, (_, index) => index),
  );
});

test("gives first what comes first, though what was begun before it has not come", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const results: number[] = [];
  for await (const come of mapAsTheyCome(numbers(10), 4, async (number) => {
    if (number === 0) await promise;
    return number;
  })) {
    results.push(...come);
    if (come.includes(9)) resolve();
  }
  expect(results).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
});

test("hands over together what has come together", async () => {
  const results = await Array.fromAsync(mapAsTheyCome(numbers(100), 8, async (number) => number));
  expect(results.length).toBeLessThan(20);
});

test("has no more under way than it may, and begins together what a slow consumer has made room for", async () => {
  let underWay = 0;
  let most = 0;
  let begun = 0;
  const begunInTurns: number[] = [];
  const results = mapAsTheyCome(numbers(100), 8, async (number) => {
    begun += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    await turn();
    underWay -= 1;
    return number;
  });
  for await (const _ of results) {
    const before = begun;
    await turn();
    await turn();
    if (begun > before) begunInTurns.push(begun - before);
  }
  expect(most).toBe(8);
  expect(begun).toBe(100);
  expect(begunInTurns.length, "requests were begun one by one").toBeLessThan(20);
});

test("keeps little for a consumer that takes nothing", async () => {
  let begun = 0;
  const results = mapAsTheyCome(numbers(1_000), 4, async () => (begun += 1));
  await results.next();
  for (let count = 0; count < 50; count += 1) await turn();
  expect(begun).toBeLessThanOrEqual(16);
  await results.return(undefined);
});

test("fails as an element or the source does, and begins nothing more", async () => {
  const problem = new Error("cannot be read");
  let begun = 0;
  const results = mapAsTheyCome(numbers(1_000), 4, async (number) => {
    begun += 1;
    await turn();
    if (number === 20) throw problem;
    return number;
  });
  await expect(Array.fromAsync(results)).rejects.toBe(problem);
  await turn();
  expect(begun).toBeLessThan(30);

  const broken = (async function* (): AsyncGenerator<number> {
    yield* numbers(3);
    await turn();
    throw problem;
  })();
  const seen: number[] = [];
  const reading = async (): Promise<void> => {
    for await (const come of mapAsTheyCome(broken, 2, async (each) => each)) seen.push(...come);
  };
  await expect(reading()).rejects.toBe(problem);
  expect(seen).toEqual([0, 1, 2]);
});

test("lets its source go when the consumer leaves", async () => {
  let isLeft = false;
  const source = (async function* (): AsyncGenerator<number> {
    try {
      yield* numbers(1_000);
    } finally {
      isLeft = true;
    }
  })();
  for await (const come of mapAsTheyCome(source, 4, async (each) => each)) if (come.includes(10)) break;
  await turn();
  expect(isLeft).toBe(true);
});
