import { createRequire } from "node:module";

import { createMemoryStore } from "@holdpoint/core";
import { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import * as oldest from "@langchain/langgraph-checkpoint-oldest";
import { deltaChannelHistoryTests, specTest } from "@langchain/langgraph-checkpoint-validation";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { saverCases } from "./saver-cases.ts";

// LangGraph's suite is written for Vitest with globals.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it });

const require = createRequire(import.meta.url);
const manifest = require("../package.json") as {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe("the oldest supported version of LangGraph's checkpointer", () => {
  it("is what the saver is made of here, and what the manifest says", () => {
    expect(BaseCheckpointSaver).toBe(oldest.BaseCheckpointSaver);
    const { peerDependencies, devDependencies } = manifest;
    const [version] = devDependencies["@langchain/langgraph-checkpoint-oldest"]?.split("@").slice(-1) ?? [];
    expect(peerDependencies["@langchain/langgraph-checkpoint"]).toBe(`^${version}`);
  });

  const saverOfSuite = {
    checkpointerName: "@holdpoint/langgraph",
    createCheckpointer: async () => new HoldpointSaver(await createMemoryStore()),
  };
  specTest(saverOfSuite);
  deltaChannelHistoryTests(saverOfSuite);

  it.for(saverCases.filter(({ needs }) => needs === undefined))("$title", async ({ run }) => {
    const store = await createMemoryStore();
    await expect(run({ open: async () => new HoldpointSaver(store), longThread: 100 })).resolves.toBeUndefined();
  });
});
