import { createPauseLedger } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { expect, it } from "vitest";

import { answering, arriving } from "./messages.ts";
import { describeWithPython } from "./python-peer.ts";
import { mountedDirectory } from "./shared-state.ts";
import type { Handled, TextMessage } from "./two-peers.ts";
import { startTwoPeers } from "./two-peers.ts";

const { id: taskId } = arriving();
const key = `paused/${taskId}.json`;

/** A store in which something happens once between a read and whatever comes next. */
function afterRead(store: CheckpointStore, happen: () => Promise<unknown>): CheckpointStore {
  let happened = false;
  return {
    ...store,
    backend: store.backend,
    location: store.location,
    capabilities: store.capabilities,
    get: async (...parameters) => {
      const found = await store.get(...parameters);
      if (!happened) {
        happened = true;
        await happen();
      }
      return found;
    },
    put: (...parameters) => store.put(...parameters),
    delete: (...parameters) => store.delete(...parameters),
    list: (options) => store.list(options),
    check: (options) => store.check(options),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

const resumeEnvelope = {
  id: "resume-message",
  route: { prev: [], curr: "x-resume", next: [] },
  headers: { "x-asya-resume-task": taskId },
  payload: { approved: true },
};

/** A restored message as it arrives at the next x-pause. */
function atNextPause(resumedBy: TextMessage, { payload = "", headers }: Handled): TextMessage {
  return {
    id: resumedBy.id,
    route: { prev: ["x-resume", "summarizer"], curr: "x-pause", next: ["publisher"] },
    headers,
    payload,
  };
}

describeWithPython("between our read and our claim", () => {
  it("a document that Python replaces is read again", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.python("pause", arriving({ payload: '{"draft": 1}' }));
    const store = afterRead(peers.store, () => peers.python("pause", arriving({ payload: '{"draft": 2}' })));
    const { message } = await createPauseLedger(store).resume(resumeEnvelope);
    expect(message.payload).toEqual({ draft: 2, approved: true });
  });

  it("a task that Python resumes is not ours any more", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    let there: Handled | undefined;
    const store = afterRead(peers.store, async () => {
      there = await peers.python("resume", answering(taskId, { payload: '{"approved": false}' }));
    });
    const resume = createPauseLedger(store).resume(resumeEnvelope);
    await expect(resume).rejects.toMatchObject({ code: "task-not-found" });
    expect(there?.payload).toBe('{"analysis": "fine", "approved": false}');
  });

  it("a task that Python resumes is not canceled", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    const store = afterRead(peers.store, () => peers.python("resume", answering(taskId)));
    await expect(createPauseLedger(store).cancel(taskId)).rejects.toMatchObject({ code: "task-not-found" });
    expect(await peers.store.get(key)).toBeNull();
  });

  it("a task that Python pauses anew is not pruned", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    await peers.ours("resume", answering(taskId));
    const store = afterRead(peers.store, () => peers.python("pause", arriving({ payload: '{"round": 2}' })));
    expect(await createPauseLedger(store).prune({ olderThanMs: 0 })).toMatchObject({ removed: 0 });
    expect(await peers.shownByGateway(taskId)).toBe('{"round": 2}');
  });
});

describeWithPython("half a document", () => {
  it("is refused while Python is writing, and resumed when it is whole", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    const run = await peers.startPythonPause(arriving(), { environment: { PEER_STALL: "yes" } });
    await run.halfway;
    const refusal = peers.ledger.resume(resumeEnvelope);
    await expect(refusal).rejects.toMatchObject({ code: "corrupt", retryable: true });
    await expect(refusal).rejects.toThrow("still writing");
    run.goOn();
    await run.answer;
    expect((await peers.ledger.resume(resumeEnvelope)).outcome).toBe("resumed");
  });

  it("that a crash has left is listed and kept, and the pause delivered again makes it whole", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    const run = await peers.startPythonPause(arriving(), { environment: { PEER_STALL: "yes" } });
    await run.halfway;
    await run.kill();
    const half = await peers.document(taskId);
    expect(await peers.ours("pause", arriving())).toMatchObject({ error: "corrupt" });
    expect(await peers.ours("resume", answering(taskId))).toMatchObject({ error: "corrupt" });
    expect(await Array.fromAsync(peers.ledger.list())).toMatchObject([{ taskId, state: "corrupt" }]);
    expect(await peers.document(taskId)).toBe(half);
    await peers.python("pause", arriving());
    expect(await peers.ours("resume", answering(taskId))).toMatchObject({ error: undefined });
  });
});

describeWithPython("after our resume", () => {
  const resume = answering(taskId, { id: taskId });

  it("Python's x-pause may be the next pause point, and our earlier answer does not resume it", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    const resumed = await peers.ours("resume", resume);
    await peers.python("pause", atNextPause(resume, resumed));
    // The same bytes as before, delivered once more.
    const late = await peers.ours("resume", resume);
    expect(late).toMatchObject({ error: "repeated-resume" });
    expect(await peers.ledger.inspect(taskId)).toMatchObject({ state: "paused", sequence: 2 });

    const next = await peers.ours("resume", answering(taskId, { id: "another", payload: '{"published": true}' }));
    expect(next).toMatchObject({
      payload: '{"analysis":"fine","approved":true,"published":true}',
      next: ["publisher"],
    });
  });

  it("a pause of Python's under another id is found by every id of the task", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    const first = answering(taskId);
    await peers.python("pause", atNextPause(first, await peers.ours("resume", first)));
    expect(await peers.ledger.inspect(taskId)).toMatchObject({ state: "paused" });
    const next = await peers.ours("resume", answering(taskId, { id: "another" }));
    expect(next).toMatchObject({ error: undefined, next: ["publisher"] });
  });

  it("a tombstone that Python deletes is no task", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    await peers.ours("resume", resume);
    await peers.python("resume", answering(taskId), { environment: { PEER_READS: "eager" } });
    expect(await peers.store.get(key)).toBeNull();
    expect(await peers.ours("resume", answering(taskId, { id: "another" }))).toMatchObject({ error: "task-not-found" });
  });
});

describeWithPython("after Python's resume", () => {
  it("a pause that is delivered again asks once more, because nothing tells that it is old", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.ours("pause", arriving());
    await peers.python("resume", answering(taskId));
    await peers.ours("pause", arriving());
    expect(await peers.ledger.inspect(taskId)).toMatchObject({ state: "paused", sequence: 1 });
  });

  it("our x-pause may be the next pause point", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.python("pause", arriving());
    const first = answering(taskId);
    const resumed = await peers.python("resume", first, { environment: { PEER_READS: "headers" } });
    await peers.ours("pause", atNextPause(first, resumed));
    expect(await peers.ours("resume", answering(first.id))).toMatchObject({ error: undefined, next: ["publisher"] });
  });
});

describeWithPython("where no mount is configured", () => {
  it("Python reports a pause and keeps nothing, and our resume says that there is nothing", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    const { headers } = await peers.python("pause", arriving(), { environment: { ASYA_PERSISTENCE_MOUNT: "" } });
    expect(headers["x-asya-pause"]).toBeDefined();
    expect(await peers.ours("resume", answering(taskId))).toMatchObject({ error: "task-not-found" });
  });
});
