import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore } from "@holdpoint/core";
import { expect, it } from "vitest";

import { createActorLog } from "./actor-log.ts";
import { createPauseActor } from "./pause-actor.ts";

it.each([
  [[], true],
  [["x-resume"], true],
  [["publisher"], false],
  [["x-resume", "publisher"], false],
])("warns where a pause point is followed by %j: %j", async (next, isWarned) => {
  const lines: string[] = [];
  const log = createActorLog({ actor: "x-pause" }, { write: (line) => lines.push(line) });
  const pause = createPauseActor({ ledger: createPauseLedger(await createMemoryStore()) });
  const message = { id: "task-1", route: { prev: ["agent"], curr: "x-pause", next }, headers: {}, payload: {} };
  const { signal } = new AbortController();
  // Also when it is delivered again.
  for (const time of [1, 2]) {
    await pause(message, { signal, log, takeBytes: async () => {} });
    const warnings = lines.filter((line) => line.includes('"level":"warn"') && line.includes("nothing follows"));
    expect(warnings).toHaveLength(isWarned ? time : 0);
  }
});
