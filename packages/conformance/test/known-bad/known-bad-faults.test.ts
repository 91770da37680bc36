import { runConformance } from "@holdpoint/conformance/run";
import type {
  ConformanceFaults,
  ConformanceResult,
  FaultProtocol,
  ProxiedRequest,
  RequestKind,
} from "@holdpoint/conformance/run";
import { createStore } from "@holdpoint/core/driver";
import { afterAll, describe, test } from "vitest";

import { LineDriver } from "../line-driver.ts";
import { greetingKey, LinePool } from "../line-pool.ts";
import type { LinePoolOptions } from "../line-pool.ts";
import { lineProtocol, startLineServer } from "../line-server.ts";
import type { BadUnderFaults } from "./bad-faults.ts";
import { badUnderFaults } from "./bad-faults.ts";

const server = await startLineServer();
afterAll(() => server[Symbol.asyncDispose]());

/** As the line protocol, with greetings, which are no reads. */
const greetingProtocol: FaultProtocol = {
  ...lineProtocol,
  createReader: () => {
    const read = lineProtocol.createReader();
    const kindOf = ({ bytes, kind }: ProxiedRequest): RequestKind =>
      bytes.includes(`"key":"${greetingKey}"`) ? "other" : kind;
    return (chunk) => read(chunk).map((request) => Object.assign(request, { kind: kindOf(request) }));
  },
};

const history = "faults/linearizable-history";

async function runOn(
  open: BadUnderFaults["open"],
  protocol: ConformanceFaults["protocol"] = lineProtocol,
): Promise<ConformanceResult[]> {
  const { address } = server;
  return await runConformance(
    {
      open: async (namespace, options = {}) => createStore(new LineDriver({ address, namespace }), options),
      faults: {
        target: address,
        protocol,
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

  const pools: Readonly<Record<string, LinePoolOptions>> = {
    "closes each connection after its answer": { maxIdle: 0, greets: false },
    "keeps one connection, and greets on every new one": { maxIdle: 1, greets: true },
  };
  for (const [name, options] of Object.entries(pools)) {
    test(`pass a store that is right and ${name}`, async ({ expect }) => {
      const results = await runOn(
        (location, storeOptions) =>
          createStore(new LineDriver(location, new LinePool(location.address, options)), storeOptions),
        greetingProtocol,
      );
      expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    });
  }

  test.for([
    ["that knows no passing errors", { ...lineProtocol, errors: [] }],
    ["of which nothing is known", "tcp"],
  ] as const)("pass a store that is right, with a protocol %s", async ([, protocol], { expect }) => {
    const results = await runOn((location, options) => createStore(new LineDriver(location), options), protocol);
    expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    // What cannot be tried is left out, and not passed.
    expect(results.map(({ id }) => id)).not.toContain("faults/passing-errors-are-outlived");
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
