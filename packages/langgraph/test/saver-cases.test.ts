import { randomUUID } from "node:crypto";

import type { CheckpointStore } from "@holdpoint/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { dyingStore } from "./dying-store.ts";
import type { SaverCase, SaverHarness } from "./saver-case.ts";
import { saverCases } from "./saver-cases.ts";
import type { PlaceOfTests } from "./stores-of-tests.ts";
import { isWhole, storesOfTests } from "./stores-of-tests.ts";

const timeoutMs = 180_000;
// Ten thousand checkpoints, each of which waits for the disk.
const wholeTimeoutMs = 3_600_000;

async function expectRight(run: SaverCase["run"], harness: SaverHarness): Promise<void> {
  await expect(run(harness)).resolves.toBeUndefined();
}

describe.each(storesOfTests)("on $name", (store) => {
  describe.skipIf(store.isMissing)("with its real server", () => {
    let place: PlaceOfTests;
    beforeAll(async () => void (place = await store.place()));
    afterAll(async () => await place[Symbol.asyncDispose]());

    // Where there is no connection, no answer can be lost.
    const possible = saverCases.filter(({ needs }) => needs !== "openWithLostAnswers" || store.placeWithLostAnswers);
    it.for(possible)("$title", { timeout: isWhole ? wholeTimeoutMs : timeoutMs }, async ({ needs, run }) => {
      const prefix = `${randomUUID()}/`;
      const on = (opened: CheckpointStore): HoldpointSaver => new HoldpointSaver(opened, { prefix });
      const { placeWithLostAnswers } = store;
      await using lossy = needs === "openWithLostAnswers" ? await placeWithLostAnswers?.() : undefined;
      const { store: opened } = lossy ?? place;
      await expectRight(run, {
        open: async () => on(opened),
        openWithLostAnswers: async () => on(opened),
        openDying: async (requests) => on(dyingStore(opened, requests)),
        longThread: isWhole ? 10_000 : 300,
      });
    });
  });
});
