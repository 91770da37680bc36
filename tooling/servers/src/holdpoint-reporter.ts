import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from "vitest/node";

import type { ConformanceMark } from "./reporting/conformance-table.ts";
import { conformanceTable } from "./reporting/conformance-table.ts";
import { sharedServers } from "./shared-servers.ts";

/**
 * Ends a run with what a person must not overlook: the table of the conformance suite, the servers that could not be
 * had, and the numbers of tests on a line of their own.
 *
 * @example
 * ```ts
 * export default defineConfig({ test: { reporters: ["default", new HoldpointReporter()] } });
 * ```
 */
export class HoldpointReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const states = tests.map((test) => test.result().state);
    const count = (...wanted: readonly string[]): number => states.filter((state) => wanted.includes(state)).length;
    // What fails outside of a test, such as a file that cannot be loaded, is in no test's state.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const otherFailures = suites.filter((suite) => suite.errors().length > 0).length + unhandledErrors.length;

    this.#print(conformanceTable(tests.flatMap(conformanceMark)));
    this.#print((await sharedServers().reportMissing()) ?? "");
    this.#print(
      `${count("passed")} passed, ${count("failed") + otherFailures} failed, ${count("skipped", "pending")} skipped`,
    );
  }

  #print(text: string): void {
    if (text !== "") this.#vitest?.logger.log(`\n${text}`);
  }
}

/** What the suite says about a case, as `task.meta.holdpoint`; nothing for a test that is not of the suite. */
function conformanceMark(test: TestCase): readonly ConformanceMark[] {
  const { holdpoint } = test.meta() as { readonly holdpoint?: ConformanceMark };
  const { state } = test.result();
  if (holdpoint !== undefined) {
    const { store, group, outcome } = holdpoint;
    return [{ store, group, outcome: state === "failed" ? "failed" : outcome }];
  }
  // A case that has not run has no mark; it is known by its place: store > group > group/case.
  const { name, parent } = test;
  if (parent.type !== "suite" || parent.parent.type !== "suite") return [];
  if (!name.startsWith(`${parent.name.replaceAll(" ", "-")}/`)) return [];
  return [{ store: parent.parent.name, group: parent.name, outcome: state === "failed" ? "failed" : "not run" }];
}
