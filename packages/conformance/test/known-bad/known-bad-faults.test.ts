import { runConformance } from "@holdpoint/conformance/run";
import type { ConformanceResult } from "@holdpoint/conformance/run";
import { createStore } from "@holdpoint/core/driver";
import { afterAll, describe, test } from "vitest";

import { LineDriver } from "../line-driver.ts";
import { lineProtocol, startLineServer } from "../line-server.ts";
import type { BadUnderFaults } from "./bad-faults.ts";
import { badUnderFaults } from "./bad-faults.ts";

const server = await startLineServer();
afterAll(() => server[Symbol.asyncDispose]());

const history = "faults/linearizable-history";

async function runOn(open: BadUnderFaults["open"]): Promise<ConformanceResult[]> {
  const { address } = server;
  return await runConformance(
    {
      open: async (namespace, options = {}) => createStore(new LineDriver({ address, namespace }), options),
      faults: {
        target: address,
        protocol: lineProtocol,
        open: async (namespace, through, options = {}) => open({ address: through, namespace }, options),
      },
    },
    { groups: ["faults"], caseTimeoutMs: 20_000, bodyCapBytes: 20_000 },
  );
}

describe.concurrent("the cases about faults", () => {
  test("pass a store that is right", async ({ expect }) => {
    const results = await runOn((location, options) => createStore(new LineDriver(location), options));
    expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  });

  for (const { name, foundBy, alsoFails = [], mayFail = [], open } of badUnderFaults) {
    test(`find out a store that ${name}`, async ({ expect }) => {
      const results = await runOn(open);
      const failed = results.filter(({ outcome }) => outcome === "failed").map(({ id }) => id as string);
      expect(failed).toContain(foundBy);
      const certain = new Set([foundBy, ...alsoFails]);
      // Faults at random may find out anything.
      const uncertain = new Set([...mayFail, history].filter((id) => !certain.has(id)));
      expect(failed.filter((id) => !uncertain.has(id)).toSorted()).toEqual([...certain].toSorted());
    });
  }
});
