import { randomUUID } from "node:crypto";

import { deltaChannelHistoryTests, specTest } from "@langchain/langgraph-checkpoint-validation";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import type { PlaceOfTests } from "./stores-of-tests.ts";
import { storesOfTests } from "./stores-of-tests.ts";

// LangGraph's suite is written for Vitest with globals.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it });

describe.each(storesOfTests)("LangGraph's own suite on $name", (store) => {
  describe.skipIf(store.isMissing)("with its real server", () => {
    let place: PlaceOfTests;
    beforeAll(async () => void (place = await store.place()));
    afterAll(async () => await place[Symbol.asyncDispose]());

    const saverOfSuite = {
      checkpointerName: "@holdpoint/langgraph",
      // Each group of cases expects to find nothing.
      createCheckpointer: () => new HoldpointSaver(place.store, { prefix: `${randomUUID()}/` }),
    };
    specTest(saverOfSuite);
    deltaChannelHistoryTests(saverOfSuite);
  });
});
