import { execFileSync } from "node:child_process";

import { expect, it } from "vitest";

import { sharedClock } from "./shared-clock.ts";

const module = JSON.stringify(new URL("shared-clock.ts", import.meta.url).href);

// As in Bun and Deno, where it counts from the start of each process.
const ofTheProcess = "const start = process.hrtime.bigint(); process.hrtime.bigint = () => hrtime() - start;";

it.each([
  ["the kernel's", ""],
  ["each process's own", ofTheProcess],
])("two processes agree on it where hrtime is %s", (_whose, replace) => {
  const ask = (): bigint => {
    const program = `const hrtime = process.hrtime.bigint; ${replace}
      const { sharedClock } = await import(${module}); console.log(String(sharedClock.now()));`;
    return BigInt(
      execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }).trim(),
    );
  };
  const startedAt = performance.now();
  const [first, second] = [ask(), ask()];
  const passedMs = performance.now() - startedAt;
  expect(second).toBeGreaterThan(first);
  expect(Number(second - first) / 1e6).toBeLessThan(passedMs);
});

it("is never later than what it says at the latest", () => {
  const now = sharedClock.now();
  expect(sharedClock.atLatest()).toBeGreaterThanOrEqual(now);
});
