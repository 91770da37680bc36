import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { CheckpointError } from "@holdpoint/core";
import type { CheckpointErrorCode, CheckpointStore, OperationOptions, StoreOptions } from "@holdpoint/core";

import type { CaseContext, ConformanceCase, HarnessPart } from "../conformance-case.ts";
import { bodyOf, noiseOf } from "../expect/body-of.ts";
import { expectMissing, expectSameBytes, expectStored } from "../expect/expect-body.ts";
import { expectKeys } from "../expect/expect-keys.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectUnchanged } from "../expect/expect-unchanged.ts";
import { fail } from "../expect/fail.ts";
import { settlesWithin } from "../expect/settles-within.ts";
import { sleepAwake } from "../expect/sleep-awake.ts";
import {
  claimOf,
  create,
  expectTrue,
  hasHappened,
  overwrite,
  remove,
  update,
  writesOf,
} from "../faults/claim-of-write.ts";
import type { ClaimedWrite, VisibleWrite } from "../faults/claim-of-write.ts";
import type { PlannedFault, RequestFault } from "../faults/fault.ts";
import { createRandom } from "../faults/create-random.ts";
import { errorFaults, withFaults } from "../faults/with-faults.ts";
import type { FaultRig } from "../faults/with-faults.ts";
import { faultsHistoryCase } from "./faults-history-case.ts";

/** Enough that the deadline, and not the number of attempts, ends what cannot succeed. */
const manyAttempts = 1_000;
const shortMs = 500;
// For what ends by itself where a store does what it is told.
const longMs = 8_000;
// What comes on top of a deadline on a machine that has other things to do.
const slackMs = 2_000;
// For requests that must not come: there is nothing to wait for.
const quietMs = 300;
const arrivalMs = 100;

const passing: readonly CheckpointErrorCode[] = ["unavailable", "timeout"];

function faultsCase(
  id: ConformanceCase["id"],
  breaks: string,
  options: StoreOptions,
  run: (rig: FaultRig, context: CaseContext) => Promise<void>,
  needsHarness: HarnessPart = "faults",
): ConformanceCase {
  return {
    id,
    breaks,
    needsHarness,
    run: (context) => withFaults(context, options, (rig) => run(rig, context)),
  };
}

/** A write whose answer is lost, which must succeed all the same, once. */
async function expectOwnWriteRecognised({ proxy, store, direct }: FaultRig, write: VisibleWrite): Promise<void> {
  const key = `own/${write.name}`;
  const version = await write.prepare(direct, key);
  proxy.nextWrite("cut-after-commit");
  const result = await claimOf(`a ${write.name} whose answer was lost`, write.act(store, key, version));
  strictEqual(proxy.injected["cut-after-commit"], 1, "how often an answer was lost");
  if (result.claim !== "applied") {
    const { code, message } = result.error ?? {};
    throw fail(
      `a ${write.name} that landed and whose answer was lost must succeed; it rejected with ${code}: ${message}`,
    );
  }
  strictEqual(await hasHappened(write, direct, key), true, `the ${write.name} that was reported`);
}

export const faultsCases: readonly ConformanceCase[] = [
  faultsCase(
    "faults/own-create-that-landed",
    "A task that was just paused is reported as paused by somebody else, because the connection broke.",
    {},
    async (rig) => {
      await expectOwnWriteRecognised(rig, create);
      const { version } = (await rig.direct.get("own/create")) ?? {};
      await rig.store.put("own/create", bodyOf("next"), { ifVersion: version });
      await expectStored(rig.direct, "own/create", bodyOf("next"));
    },
  ),
  faultsCase(
    "faults/own-update-that-landed",
    "A task that was just resumed is reported as resumed by somebody else, and nobody goes on with it.",
    {},
    async ({ proxy, store, direct }) => {
      let { version } = await direct.put("key", bodyOf("0"));
      for (const [index, fault] of (["cut-after-commit", "cut-within-answer"] as const).entries()) {
        const body = bodyOf(`after ${fault}`);
        proxy.nextWrite(fault);
        const written = await claimOf(`an update with ${fault}`, store.put("key", body, { ifVersion: version }));
        strictEqual(written.error?.message, undefined, `an update that landed (${index})`);
        const found = await expectStored(direct, "key", body);
        notStrictEqual(found.version, version);
        // The version that a settled write reports is as good as any other.
        proxy.nextWrite(fault);
        ({ version } = await store.put("key", bodyOf(`again ${fault}`), { ifVersion: found.version }));
        ({ version } = await store.put("key", bodyOf(`once more ${fault}`), { ifVersion: version }));
        await expectUnchanged(direct, "key", bodyOf(`once more ${fault}`), version);
      }
    },
  ),
  faultsCase(
    "faults/own-overwrite-that-landed",
    "A write without a condition fails whenever a connection breaks.",
    {},
    (rig) => expectOwnWriteRecognised(rig, overwrite),
  ),
  faultsCase(
    "faults/own-delete-that-landed",
    "A deletion whose answer was lost says that there was nothing to delete.",
    {},
    async (rig) => {
      const { proxy, store, direct } = rig;
      await expectOwnWriteRecognised(rig, remove);
      await direct.put("key", bodyOf("a"));
      proxy.nextWrite("cut-after-commit");
      strictEqual(await store.delete("key"), true, "what a deletion returns whose answer was lost");
      if (!store.capabilities.conditionalDelete) return;
      const { version } = await direct.put("key", bodyOf("b"));
      proxy.nextWrite("cut-after-commit");
      strictEqual(await store.delete("key", { ifVersion: version }), true, "what a conditional deletion returns");
      await expectMissing(direct, "key");
    },
  ),
  faultsCase(
    "faults/asks-before-it-writes-again",
    "A conditional write that is repeated blindly meets its own first attempt, or undoes what others did since.",
    {},
    async ({ proxy, store, direct }) => {
      for (const write of [create, update]) {
        for (const fault of ["cut-after-commit", "cut-before-request"] as const) {
          const key = `${write.name}/${fault}`;
          const version = await write.prepare(direct, key);
          const before = proxy.requests.length;
          proxy.nextWrite(fault);
          await claimOf(`a ${write.name} with ${fault}`, write.act(store, key, version));
          const [first, second] = proxy.requests.slice(before);
          strictEqual(first, "write", `the first request of a ${write.name}`);
          strictEqual(second, "read", `the request that follows a ${write.name} whose answer was lost`);
        }
      }
    },
    "reads and writes",
  ),
  faultsCase(
    "faults/write-that-never-arrived",
    "Every connection that breaks costs a task a failure, although nothing had happened yet.",
    {},
    async ({ proxy, store, direct }) => {
      for (const write of writesOf(store)) {
        for (const fault of ["cut-before-request", "cut-within-request"] as const) {
          const key = `${write.name}/${fault}`;
          const version = await write.prepare(direct, key);
          proxy.nextWrite(fault);
          const { error } = await claimOf(`a ${write.name} with ${fault}`, write.act(store, key, version));
          strictEqual(error?.message, undefined, `a ${write.name} that did not arrive at first (${fault})`);
          strictEqual(await hasHappened(write, direct, key), true, `the ${write.name} (${fault})`);
        }
      }
    },
  ),
  faultsCase(
    "faults/anothers-write-is-a-conflict",
    "Two processes both believe that they have claimed a task.",
    {},
    async ({ proxy, store, direct }) => {
      for (const write of [create, update]) {
        const key = write.name;
        const version = await write.prepare(direct, key);
        const theirs = bodyOf("theirs");
        const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
        proxy.nextWrite("cut-before-request", { meanwhile: () => direct.put(key, theirs, condition) });
        const error = await expectRejection(`a ${write.name} that somebody else was quicker with`, "conflict", () =>
          write.act(store, key, version),
        );
        strictEqual(error.outcome, "not-applied", "the outcome");
        await expectStored(direct, key, theirs);
      }
    },
  ),
  faultsCase(
    "faults/conflict-is-certain",
    "An actor is told that somebody else has claimed its task, when that may just as well have been itself.",
    {},
    async ({ proxy, store, direct }) => {
      for (const write of [create, update]) {
        const key = write.name;
        const version = await write.prepare(direct, key);
        const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
        const theirs = (): Promise<unknown> => direct.put(key, bodyOf("theirs"), condition);
        const controller = new AbortController();
        let writes = 0;
        let unread = 0;
        proxy.choose((request) => {
          if (request === "write") writes += 1;
          if (request === "write" && writes === 1) return { fault: "cut-before-request" };
          if (request === "write" && writes === 2) return { fault: "delay", delayMs: 0, meanwhile: theirs };
          if (request === "write" || writes < 2) return undefined;
          // Nobody can say any more whether what the second attempt has met was the first one.
          unread += 1;
          if (unread === 2) controller.abort();
          return { fault: "cut-before-request" };
        });
        const what = `a ${write.name} that met a value when it was repeated, which could not be read,`;
        const options = { timeoutMs: longMs, signal: controller.signal };
        const claimed = await claimOf(what, write.act(store, key, version, options));
        await proxy.clear();
        expectTrue(what, claimed, false);
        // A store that tries once cannot make this mistake.
        if (writes < 2) continue;
        await expectStored(direct, key, bodyOf("theirs"));
      }
    },
    "reads and writes",
  ),
  faultsCase(
    "faults/replaced-since-is-no-conflict",
    "An actor is told that its claim was refused, while another has already gone on from that very claim.",
    {},
    async ({ proxy, store, direct }) => {
      for (const write of [create, update]) {
        const key = write.name;
        const version = await write.prepare(direct, key);
        const theirs = bodyOf("theirs");
        const replace = async (): Promise<void> => {
          const found = await expectStored(direct, key, write.after ?? bodyOf(""));
          await direct.put(key, theirs, { ifVersion: found.version });
        };
        proxy.nextWrite("cut-after-commit", { meanwhile: replace });
        const what = `a ${write.name} that landed and was replaced before its answer came`;
        expectTrue(what, await claimOf(what, write.act(store, key, version)), true);
        await expectStored(direct, key, theirs);
      }
      if (!store.capabilities.conditionalDelete) return;
      const { version } = await direct.put("removed", bodyOf("before"));
      const theirs = bodyOf("written again");
      proxy.nextWrite("cut-after-commit", { meanwhile: () => direct.put("removed", theirs, { ifAbsent: true }) });
      const what = "a conditional delete that landed, before the key was written again and its answer came,";
      expectTrue(what, await claimOf(what, store.delete("removed", { ifVersion: version })), true);
      await expectStored(direct, "removed", theirs);
    },
  ),
  faultsCase(
    "faults/removed-since-stays-removed",
    "A task that was finished and removed is there again, and goes on a second time.",
    {},
    async ({ proxy, store, direct }) => {
      for (const fault of ["cut-after-commit", "cut-before-request"] as const) {
        const { version } = await direct.put(fault, bodyOf("before"));
        proxy.nextWrite(fault, { meanwhile: () => direct.delete(fault) });
        const what = `an update with ${fault}, of what somebody else removed meanwhile`;
        const claimed = await claimOf(what, store.put(fault, bodyOf("after"), { ifVersion: version }));
        expectTrue(what, claimed, fault === "cut-after-commit");
        await expectMissing(direct, fault);
      }
    },
  ),
  faultsCase(
    "faults/repeated-write-has-another-version",
    "Somebody acts on a task that was removed since, because a write came again and brought its version back.",
    {},
    async ({ proxy, store, direct }) => {
      let seen: string | undefined;
      const seeAndRemove = async (): Promise<void> => {
        seen = (await direct.get("key"))?.version;
        await direct.delete("key");
      };
      proxy.nextWrite("cut-after-commit", { meanwhile: seeAndRemove });
      await claimOf("a put that somebody has removed before its answer came", store.put("key", bodyOf("again")));
      if (!store.capabilities.uniqueVersions) return;
      await expectRejection("an update with the version that was removed", "conflict", () =>
        direct.put("key", bodyOf("after"), { ifVersion: seen }),
      );
    },
  ),
  faultsCase(
    "faults/failed-write-leaves-the-old-value",
    "A write that broke off leaves half a task.",
    { maxAttempts: 2 },
    async ({ proxy, store, direct }, { settings }) => {
      // More than some servers take in one piece.
      const sizeBytes = Math.min(1_300_000, settings.bodyCapBytes, store.capabilities.maxBodyBytes);
      for (const passed of [0, 1, 2]) {
        for (const small of [create, update, overwrite]) {
          const write: VisibleWrite = {
            ...small,
            before: small.before === null ? null : noiseOf(sizeBytes, 1),
            after: noiseOf(sizeBytes, 2 + passed),
          };
          const key = `${write.name}/${passed}`;
          const version = write.before === null ? undefined : (await direct.put(key, write.before)).version;
          const condition = small === create ? { ifAbsent: true } : small === update ? { ifVersion: version } : {};
          let writes = 0;
          proxy.choose((request) => {
            if (request === "write") writes += 1;
            return request === "write" && writes > passed ? { fault: "cut-within-request" } : undefined;
          });
          const what = `a large ${write.name} that breaks off after ${passed} requests`;
          const claimed = await claimOf(what, store.put(key, write.after ?? bodyOf(""), condition));
          await proxy.clear();
          if (passed === 0 && claimed.error?.retryable !== true) throw fail(`${what} must be retryable`, claimed.error);
          expectTrue(what, claimed, await hasHappened(write, direct, key));
        }
      }
    },
    "reads and writes",
  ),
  faultsCase(
    "faults/unknown-is-said",
    "An actor is told that a write failed, or succeeded, when nobody can know; a task is lost or goes on twice.",
    {},
    async ({ proxy, store, direct }) => {
      const writes = writesOf(store);
      for (const fault of ["half-open", "blackhole"] as const) {
        const keyOf = ({ name }: VisibleWrite): string => `${name}/${fault}`;
        const versions = await Promise.all(writes.map((write) => write.prepare(direct, keyOf(write))));
        // As many connections as a client may want for them: a new one would not get as far as to pass a write on.
        await Promise.all(writes.map((write) => store.get(keyOf(write))));
        proxy.always(fault);
        const claims = await Promise.all(
          writes.map(async (write, index) => {
            const what = `a ${write.name} without an answer (${fault})`;
            const acting = write.act(store, keyOf(write), versions[index], { timeoutMs: shortMs });
            return { write, what, claimed: await settlesWithin(what, shortMs + slackMs, claimOf(what, acting)) };
          }),
        );
        const checks = claims.map(async ({ write, what, claimed }) => {
          expectTrue(what, claimed, await happensAfterAll(write, direct, keyOf(write), fault, claimed));
          if (claimed.claim === "applied") throw fail(`${what} resolved, although nobody could have told`);
        });
        await Promise.all(checks);
        await proxy.clear();
      }
    },
  ),
  faultsCase(
    "faults/cancelled-under-a-black-hole",
    "An actor that is told to stop hangs as long as the server is silent.",
    { timeoutMs: 60_000, attemptTimeoutMs: 60_000 },
    async (rig) => {
      const { proxy, direct } = rig;
      const signal = AbortSignal.timeout(shortMs);
      await expectNothingAnswers(rig, ["aborted"], { signal });
      await proxy.clear();
      await expectOnlyWhatWasThere(direct);
    },
  ),
  faultsCase(
    "faults/deadline-under-a-black-hole",
    "An operation with a deadline goes on for long after it while the server is silent.",
    {},
    async (rig) => {
      const { proxy, direct } = rig;
      await expectNothingAnswers(rig, passing, { timeoutMs: shortMs });
      await proxy.clear();
      await expectOnlyWhatWasThere(direct);
    },
  ),
  faultsCase(
    "faults/nothing-after-the-deadline",
    "A write that was reported as failed is sent again later, behind the back of whoever acted on that.",
    { maxAttempts: manyAttempts },
    async ({ proxy, store, direct }, { harness }) => {
      const faults: readonly RequestFault[] = ["cut-before-request", ...errorFaults(harness).slice(0, 1)];
      for (const fault of faults) {
        const { version } = await direct.put(fault, bodyOf("before"));
        proxy.always(fault);
        const deadline = { timeoutMs: shortMs };
        const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
          get: () => store.get(fault, deadline),
          update: () => store.put(fault, bodyOf("after"), { ...deadline, ifVersion: version }),
          delete: () => store.delete(fault, deadline),
        };
        await Promise.all(
          Object.entries(attempts).map(async ([name, attempt]) => {
            const what = `a ${name} with ${fault}, again and again,`;
            await settlesWithin(what, shortMs + slackMs, expectRejection(what, passing, attempt));
          }),
        );
        // What was sent just before the deadline may still be on its way to the proxy.
        await sleepAwake(arrivalMs);
        const sent = proxy.requests.length;
        await sleepAwake(quietMs);
        strictEqual(proxy.requests.length, sent, `the number of requests after the deadline (${fault})`);
        await proxy.clear();
        await expectUnchanged(direct, fault, bodyOf("before"), version);
      }
    },
  ),
  faultsCase(
    "faults/given-up-write-is-not-sent-later",
    "A client keeps a write for when the connection is back, and it happens when nobody expects it any more.",
    {},
    async ({ proxy, store, direct }) => {
      const writes = writesOf(store);
      const versions = new Map<string, string | undefined>();
      for (const write of writes) versions.set(write.name, await write.prepare(direct, write.name));
      proxy.always("refuse");
      const claims = await Promise.all(
        writes.map((write) =>
          claimOf(
            `a ${write.name} without a server`,
            write.act(store, write.name, versions.get(write.name), { timeoutMs: shortMs }),
          ),
        ),
      );
      // Where the machine is busy, what was given up may still be on its way here.
      await sleepAwake(quietMs);
      const seen = proxy.requests.length;
      await proxy.clear();
      // By now the client is connected again.
      await store.get("anything");
      await sleepAwake(quietMs);
      deepStrictEqual(
        proxy.requests.slice(seen).filter((request) => request === "write"),
        [],
        "the writes that were sent after they had been given up",
      );
      for (const [index, write] of writes.entries()) {
        const what = `a ${write.name} without a server`;
        expectTrue(what, claims[index] ?? { claim: "unknown" }, await hasHappened(write, direct, write.name));
      }
    },
    "reads and writes",
  ),
  faultsCase(
    "faults/reads-are-repeated",
    "Every connection that breaks costs a task a failure, although reading again would have done.",
    {},
    async ({ proxy, store, direct }, { settings }) => {
      const body = noiseOf(Math.min(200_000, settings.bodyCapBytes, store.capabilities.maxBodyBytes));
      const { version } = await direct.put("large", body);
      for (const fault of cuts) {
        proxy.nextRead(fault);
        const found = await store.get("large");
        expectSameBytes(`get with ${fault}`, found?.body ?? bodyOf(""), body);
        strictEqual(found?.version, version, `the version with ${fault}`);
        proxy.nextRead(fault);
        await expectMissing(store, "missing");
      }
    },
  ),
  faultsCase(
    "faults/listing-is-never-cut-short",
    "Tasks that are there are missing from a listing, which looks complete.",
    { maxAttempts: 2 },
    async ({ proxy, store, direct }) => {
      const keys = Array.from({ length: 30 }, (_, index) => `list/${index}.json`);
      await Promise.all(keys.map((key) => direct.put(key, bodyOf(key))));
      // The first request or the second is cut, and then either no other or each one after it.
      const cutRequests: readonly ((request: number) => boolean)[] = [
        (request) => request === 1,
        (request) => request === 2,
        () => true,
        (request) => request >= 2,
      ];
      for (const fault of cuts) {
        for (const isCut of cutRequests) {
          let requests = 0;
          proxy.choose(() => (isCut((requests += 1)) ? { fault } : undefined));
          try {
            await expectKeys(store, keys, "list/");
          } catch (error) {
            // That a listing succeeds is not promised; what it must not do is to end as if it were complete.
            if (!CheckpointError.is(error)) throw error;
            await expectRejection(`a listing with ${fault}`, passing, () => Promise.reject(error));
          }
          await proxy.clear();
        }
      }
      await expectKeys(store, keys, "list/");
    },
  ),
  faultsCase(
    "faults/passing-errors-are-outlived",
    "A server that is busy for a moment costs tasks their pause or their resume.",
    {},
    async ({ proxy, store, direct }, { harness }) => {
      await direct.put("present", bodyOf("a"));
      for (const fault of errorFaults(harness)) {
        const writes = writesOf(store);
        const versions = await Promise.all(writes.map((write) => write.prepare(direct, `${write.name}/${fault}`)));
        for (const _ of writes) proxy.nextWrite(fault);
        proxy.nextRead(fault);
        const results = await Promise.all([
          expectStored(store, "present", bodyOf("a")),
          ...writes.map((write, index) =>
            claimOf(`a ${write.name} with ${fault}`, write.act(store, `${write.name}/${fault}`, versions[index])),
          ),
        ]);
        for (const [index, write] of writes.entries()) {
          const { error } = results[index + 1] as ClaimedWrite;
          strictEqual(error?.message, undefined, `a ${write.name} that was answered with ${fault} at first`);
          strictEqual(await hasHappened(write, direct, `${write.name}/${fault}`), true, `the ${write.name}`);
        }
        await proxy.clear();
      }
    },
    "passing errors",
  ),
  faultsCase(
    "faults/works-again-afterwards",
    "An actor must be restarted by hand after each outage of the server.",
    {},
    async ({ proxy, store, direct }) => {
      let { version } = await direct.put("key", bodyOf("0"));
      for (const fault of ["refuse", "blackhole", "half-open", "cut-before-request"] as const) {
        proxy.always(fault);
        const what = `get during an outage (${fault})`;
        const error = await expectRejection(what, passing, () => store.get("key", { timeoutMs: shortMs }));
        strictEqual(error.retryable, true, `retryable of ${what}`);
        await proxy.clear();
        ({ version } = await store.put("key", bodyOf(fault), { ifVersion: version }));
        await expectUnchanged(store, "key", bodyOf(fault), version);
        await store.check();
      }
    },
  ),
  faultsCase(
    "faults/slow-but-whole",
    "On a slow network values arrive mangled, or not at all.",
    {},
    async ({ proxy, store, direct }, { settings }) => {
      const body = noiseOf(Math.min(60_000, settings.bodyCapBytes, store.capabilities.maxBodyBytes));
      proxy.always("throttle", { bytesPerSecond: 300_000 });
      const { version } = await store.put("slow", body, { ifAbsent: true });
      await expectUnchanged(store, "slow", body, version);
      proxy.always("delay", { delayMs: 50 });
      const written = await store.put("slow", bodyOf("late"), { ifVersion: version });
      await expectUnchanged(direct, "slow", bodyOf("late"), written.version);
    },
  ),
  faultsCase(
    "faults/one-claimant-wins",
    "While connections break, two processes both resume the same task.",
    { maxAttempts: 8 },
    async ({ proxy, store, direct, open }, { harness }) => {
      const stores = [store, await open()];
      const random = createRandom(20);
      const faults: readonly RequestFault[] = [
        "cut-before-request",
        "cut-after-commit",
        "cut-within-answer",
        "delay",
        ...errorFaults(harness).slice(0, 1),
      ];
      const choose = (): PlannedFault | undefined => {
        const fault = random() < 0.3 ? faults[Math.floor(random() * faults.length)] : undefined;
        return fault === undefined ? undefined : { fault, delayMs: 20 };
      };
      for (let round = 0; round < 4; round += 1) {
        const key = `round-${round}`;
        const condition =
          round % 2 === 0 ? { ifAbsent: true } : { ifVersion: (await direct.put(key, bodyOf("paused"))).version };
        proxy.choose(choose);
        const claims = await Promise.all(
          Array.from({ length: 6 }, async (_, claimant) => {
            const client = stores[claimant % stores.length] ?? store;
            return await claimOf("a claim", client.put(key, bodyOf(`claimed by ${claimant}`), condition));
          }),
        );
        await proxy.clear();
        expectOneWinner(claims, await direct.get(key).then((found) => Buffer.from(found?.body ?? []).toString()));
      }
    },
  ),
  faultsHistoryCase,
];

const cuts = ["cut-before-request", "cut-within-request", "cut-after-commit", "cut-within-answer"] as const;

/** Starts every kind of operation when nothing is answered any more; each must reject within the time it has. */
async function expectNothingAnswers(
  { proxy, store, direct }: FaultRig,
  codes: readonly CheckpointErrorCode[],
  options: OperationOptions,
): Promise<void> {
  await direct.put("present", bodyOf("before"));
  proxy.always("blackhole");
  const operations: Readonly<Record<string, () => Promise<unknown>>> = {
    get: () => store.get("present", options),
    create: () => store.put("absent", bodyOf("after"), { ...options, ifAbsent: true }),
    overwrite: () => store.put("present", bodyOf("after"), options),
    delete: () => store.delete("present", options),
    list: () => Array.fromAsync(store.list(options)),
    check: () => store.check(options),
  };
  await Promise.all(
    Object.entries(operations).map(async ([name, operate]) => {
      const what = `${name} in a black hole`;
      const error = await settlesWithin(what, shortMs + slackMs, expectRejection(what, codes, operate));
      const writes = ["create", "overwrite", "delete"].includes(name);
      if (writes && error.outcome === undefined) throw fail(`${what} must say its outcome: ${error.message}`);
    }),
  );
}

/**
 * Whether a write happens that nobody answers. It need not, also where requests are passed on: a deletion may have asked
 * first what is there, and a new connection may still shake hands.
 */
async function happensAfterAll(
  write: VisibleWrite,
  direct: CheckpointStore,
  key: string,
  fault: "half-open" | "blackhole",
  { claim }: ClaimedWrite,
): Promise<boolean> {
  // Whoever says that a write has failed must be right also once the server has done all that it was sent.
  const deadline = AbortSignal.timeout(fault === "half-open" && claim !== "unknown" ? slackMs : 0);
  while (!(await hasHappened(write, direct, key))) {
    if (deadline.aborted) return false;
    await sleep(10);
  }
  return true;
}

async function expectOnlyWhatWasThere(direct: CheckpointStore): Promise<void> {
  await expectStored(direct, "present", bodyOf("before"));
  await expectMissing(direct, "absent");
}

function expectOneWinner(claims: readonly ClaimedWrite[], stored: string): void {
  const winners = claims.flatMap(({ claim }, claimant) => (claim === "applied" ? [claimant] : []));
  if (winners.length > 1) throw fail(`one claimant must win; ${winners.join(" and ")} have`);
  const [winner] = winners;
  const owner = claims.findIndex((_, claimant) => stored === `claimed by ${claimant}`);
  if (winner !== undefined) {
    strictEqual(stored, `claimed by ${winner}`, "what is stored after a claim that succeeded");
  } else if (owner >= 0 && claims[owner]?.claim !== "unknown") {
    throw fail(`claimant ${owner} was told ${claims[owner]?.claim}, but its claim is stored`);
  }
}
