import * as vitest from "vitest";

import type { CaseOutcome, ConformanceCase } from "./conformance-case.ts";
import type { ConformanceGroup } from "./conformance-groups.ts";
import { groupOf } from "./conformance-case.ts";
import { conformanceGroups, waitingGroups } from "./conformance-groups.ts";
import type { ConformanceHarness } from "./conformance-harness.ts";
import type { ConformanceOptions } from "./conformance-options.ts";
import { ConformanceRun } from "./conformance-run.ts";

/** What each test tells reporters about itself, as `task.meta.holdpoint`. */
export interface ConformanceTaskMeta {
  /** The name that `describeCheckpointStore` was given. */
  readonly store: string;
  readonly id: ConformanceCase["id"];
  readonly group: ConformanceGroup;
  readonly outcome: CaseOutcome | "failed";
}

declare module "vitest" {
  interface TaskMeta {
    holdpoint?: ConformanceTaskMeta;
  }
}

/**
 * Registers the conformance suite with Vitest: a `describe` named `name`, in it one for each group, in it one test for
 * each case, named by the case's id.
 *
 * @example
 * ```ts
 * describeCheckpointStore("acme", {
 *   open: (namespace, options) => openStore(`acme://shelf-7/${namespace}/`, options),
 *   worker: { module: new URL("./acme-worker.ts", import.meta.url), argument: { shelf: 7 } },
 * });
 * ```
 */
export function describeCheckpointStore(
  name: string,
  harness: ConformanceHarness,
  options: ConformanceOptions = {},
): void {
  const run = new ConformanceRun(harness, options);
  // The case has a deadline of its own, which says more than Vitest's when it passes.
  // The case's own time stands still while the process does not run, and it has more to say when it is up.
  const timeout = run.settings.caseTimeoutMs * 2 + 30_000;
  vitest.describe(name, () => {
    vitest.afterAll(async () => {
      await run[Symbol.asyncDispose]();
    });
    for (const group of conformanceGroups) {
      const cases = run.cases.filter((conformanceCase) => groupOf(conformanceCase) === group);
      if (cases.length === 0) continue;
      vitest.describe(group, { concurrent: waitingGroups.has(group) }, () => {
        for (const conformanceCase of cases) {
          vitest.test(conformanceCase.id, { timeout }, async ({ task }) => {
            const { id } = conformanceCase;
            task.meta.holdpoint = { store: name, id, group, outcome: "failed" };
            const outcome = await run.run(conformanceCase);
            task.meta.holdpoint = { store: name, id, group, outcome };
          });
        }
      });
    }
  });
}
