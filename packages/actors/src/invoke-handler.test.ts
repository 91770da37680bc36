import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, it } from "vitest";

import { exampleEnvelope } from "../test/post-to-socket.ts";
import { createActorLog } from "./actor-log.ts";
import { invokeHandler } from "./invoke-handler.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;

function oldGenerationBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === "old_space")?.space_used_size ?? Number.NaN;
}

it("leaves nothing of a message that only a collection of the whole heap would take away", async () => {
  const body = Buffer.from(JSON.stringify(exampleEnvelope({ payload: { text: "x".repeat(1024) } })));
  const invocation = {
    parseJson: JSON.parse,
    actorTimeoutMs: 60_000,
    shutdown: new AbortController().signal,
    log: createActorLog({ actor: "test" }, { write: () => undefined }),
    takeBytes: async () => {},
  };
  const handle = async (messages: number): Promise<void> => {
    for (let message = 1; message <= messages; message += 1) {
      // It asks to be told when the message's time is up, as a store does, and stays asking.
      const { status } = await invokeHandler(
        async ({ payload }, { signal }) => {
          signal.addEventListener("abort", () => void payload);
          return { payload };
        },
        body,
        invocation,
      );
      expect(status).toBe(200);
      if (message % 50 === 0) collectGarbage({ type: "minor" });
    }
  };
  await handle(500);
  collectGarbage();
  const before = oldGenerationBytes();
  await handle(5000);
  expect(oldGenerationBytes() - before).toBeLessThan(2 * 1024 * 1024);
});
