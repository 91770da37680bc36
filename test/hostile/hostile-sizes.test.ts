import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createPauseActor, serveActor } from "@holdpoint/actors";
import type { CheckpointStore, OpenStoreOptions } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { postToSocket } from "../../packages/actors/test/post-to-socket.ts";
import { pauseEnvelope, resumeEnvelope } from "../../packages/asya/test/ledger-fixture.ts";
import { hostileStores } from "./hostile-store.ts";

const mib = 1024 * 1024;
// A machine that is busy moves 64 MiB slowly.
const patient: OpenStoreOptions = { timeoutMs: 110_000, attemptTimeoutMs: 50_000 };

/** How long a text a payload may have, so that its paused document is as large as a store takes one. */
async function longestText(store: CheckpointStore): Promise<number> {
  await using memory = await createMemoryStore();
  const { key } = await createPauseLedger(memory).pause(pauseEnvelope({ payload: { text: "" } }));
  const { maxBodyBytes } = store.capabilities;
  return maxBodyBytes - Math.min(mib, maxBodyBytes / 8) - ((await memory.get(key))?.body.byteLength ?? 0);
}

describe.each(hostileStores)("$name", ({ isMissing, open }) => {
  it.skipIf(isMissing)("pauses and resumes a message as large as it takes, and refuses one byte more", async () => {
    await using hostile = await open(patient);
    const { store, ledger } = hostile;
    const length = await longestText(store);
    const content = "x".repeat(length);
    const envelope = pauseEnvelope({ payload: { text: content } });
    expect(await ledger.pause(envelope)).toMatchObject({ outcome: "paused" });
    const { outcome, message } = await ledger.resume(resumeEnvelope());
    expect(outcome).toBe("resumed");
    expect(Object.keys(message.payload)).toEqual(["text", "approved"]);
    // Compared by hand: a difference of 64 MiB is nothing to print.
    expect(message.payload["text"] === content).toBe(true);

    const larger = pauseEnvelope({ id: "larger", payload: { text: "x".repeat(length + 1) } });
    await expect(ledger.pause(larger)).rejects.toMatchObject({ code: "too-large", outcome: "not-applied" });
    expect(await ledger.inspect("larger")).toBeNull();
  });
});

it("leaves a message that is too large with the sidecar, under a name that a retry policy can hold", async () => {
  await using store = await createMemoryStore();
  const directory = await mkdtemp(join(tmpdir(), "hp-"));
  await using server = await serveActor(createPauseActor({ ledger: createPauseLedger(store) }), {
    socketDirectory: directory,
    handleSignals: false,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    onClose: () => rm(directory, { recursive: true }),
  });
  // The second fits the socket but not the store.
  for (const [length, status, type] of [
    [await longestText(store), 200, undefined],
    [64 * mib - 500, 500, "CheckpointTooLargeError"],
    [64 * mib, 400, "MessageTooLargeError"],
  ] as const) {
    const answer = await postToSocket(server.socketPath, pauseEnvelope({ payload: { text: "x".repeat(length) } }));
    expect(answer.status).toBe(status);
    const details = (JSON.parse(answer.body) as { details?: { type: string; message: string } }).details;
    expect(details?.type).toBe(type);
    expect(details?.message.length ?? 0).toBeLessThan(1_000);
  }
});
