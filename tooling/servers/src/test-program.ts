import { programVariable } from "./find-program.ts";
import type { ProgramName } from "./find-program.ts";

/**
 * The path of a program that this run's tests may run, as their project in `vitest.config.ts` asks for; `undefined` where
 * it could not be had, so that what needs it is skipped.
 *
 * @example
 * ```ts
 * const fish = testProgram("fish");
 * describe.skipIf(fish === undefined)("in fish", () => {});
 * ```
 */
export function testProgram(name: ProgramName): string | undefined {
  return process.env[programVariable(name)];
}
