import { strictEqual } from "node:assert/strict";
import { inspect } from "node:util";

import { CheckpointError } from "@holdpoint/core";
import type { CheckpointErrorCode, CheckpointStore, PutOptions } from "@holdpoint/core";
import { isError } from "@holdpoint/core/driver";

import type { CaseContext, ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectStored } from "../expect/expect-body.ts";
import { fail } from "../expect/fail.ts";

type Refusal = readonly [code: CheckpointErrorCode, work: () => Promise<unknown>];

/** Writes that a store must refuse, the conflicts first. */
function refusedWrites(store: CheckpointStore, stale: string): readonly Refusal[] {
  const put = (body: Uint8Array, options: PutOptions): Promise<unknown> =>
    store.put("paused/msg-1.json", body, options);
  const large = new Uint8Array(store.capabilities.maxBodyBytes + 1);
  return [
    ["conflict", () => put(bodyOf("b"), { ifAbsent: true })],
    ["conflict", () => put(bodyOf("b"), { ifVersion: stale })],
    ["invalid-argument", () => put(bodyOf("b"), { ifAbsent: true, ifVersion: stale })],
    ["too-large", () => put(large, {})],
    ["aborted", () => put(bodyOf("b"), { signal: AbortSignal.abort() })],
  ];
}

/** Errors of every kind that needs no broken server. What a store fails to refuse is for other groups to say. */
async function collectErrors(refusals: readonly Refusal[]): Promise<CheckpointError[]> {
  const errors: CheckpointError[] = [];
  for (const [code, work] of refusals) {
    try {
      await work();
    } catch (error) {
      if (!CheckpointError.is(error)) throw fail(`an error must be a CheckpointError; it is ${String(error)}`, error);
      if (error.code === code) errors.push(error);
    }
  }
  if (errors.length === 0) throw fail("the store refused nothing that it must refuse");
  return errors;
}

/** A value that was written twice, and its version before last. */
async function writeTwice(store: CheckpointStore): Promise<string> {
  const { version } = await store.put("paused/msg-1.json", bodyOf("a"));
  await store.put("paused/msg-1.json", bodyOf("aa"));
  return version;
}

async function allRefusals({ store, open }: CaseContext): Promise<readonly Refusal[]> {
  const stale = await writeTwice(store);
  const closed = await open();
  await closed.close();
  return [
    ...refusedWrites(store, stale),
    ["invalid-argument", () => store.get("")],
    ["invalid-argument", () => store.delete("paused/msg-1.json", { ifVersion: "" })],
    ["invalid-argument", () => Array.fromAsync(store.list({ prefix: "\ud800" }))],
    ["aborted", () => store.check({ signal: AbortSignal.abort() })],
    ["closed", () => closed.get("key")],
    ["closed", () => Array.fromAsync(closed.list())],
  ];
}

export const errorsCases: readonly ConformanceCase[] = [
  {
    id: "errors/conflict-says-what",
    breaks: "Nobody can tell from a log which task was in conflict, where, and whether anything was written.",
    async run({ store }) {
      const refusals = refusedWrites(store, await writeTwice(store));
      const [error] = await collectErrors(refusals.filter(([code]) => code === "conflict"));
      if (error === undefined) throw fail("the store has no conflicts");
      strictEqual(error.backend, store.backend, "backend");
      strictEqual(error.operation, "put", "operation");
      strictEqual(error.key, "paused/msg-1.json", "key");
      strictEqual(error.outcome, "not-applied", "outcome");
      strictEqual(error.retryable, false, "retryable: the same call would fail again");
      for (const part of [store.backend, "paused/msg-1.json", store.location]) {
        if (!error.message.includes(part))
          throw fail(`the message must name ${JSON.stringify(part)}; it is: ${error.message}`);
      }
    },
  },
  {
    id: "errors/all-are-of-one-class",
    breaks: "A program that handles the documented errors meets one that it cannot handle.",
    async run(context) {
      for (const error of await collectErrors(await allRefusals(context))) {
        strictEqual(isError(error), true, "an error must be an Error");
        strictEqual(CheckpointError.is(error), true, "an error must carry the brand of CheckpointError");
        strictEqual(error.name, "CheckpointError");
        strictEqual(error.backend, context.store.backend, `backend of: ${error.message}`);
        if (error.message.trim().length < 10)
          throw fail(`a message must say what failed; it is ${JSON.stringify(error.message)}`);
        if (error.operation === undefined) throw fail(`an error must say which operation failed: ${error.message}`);
      }
    },
  },
  {
    id: "errors/refused-writes-are-not-applied",
    breaks: "An actor does not know that a write which was refused has not happened, and reads again for nothing.",
    async run({ store }) {
      for (const error of await collectErrors(refusedWrites(store, await writeTwice(store)))) {
        strictEqual(error.outcome, "not-applied", `the outcome of a write that was refused with ${error.code}`);
        strictEqual(error.operation, "put");
        strictEqual(error.key, "paused/msg-1.json");
      }
    },
  },
  {
    id: "errors/never-thrown-at-once",
    breaks: "A wrong argument escapes `.catch()` and crashes the actor.",
    async run({ store }) {
      const wrong = "" as string;
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        get: () => store.get(wrong),
        put: () => store.put(wrong, null as unknown as Uint8Array),
        delete: () => store.delete(wrong),
        list: () => firstEntry(store.list({ prefix: 7 as unknown as string })),
        check: () => store.check({ timeoutMs: -1 }),
      };
      for (const [name, call] of Object.entries(calls)) {
        let promise: Promise<unknown>;
        try {
          promise = call();
        } catch (error) {
          throw fail(`${name} must return a promise that rejects; it threw`, error);
        }
        // Which of them must be refused, and how, is for other groups to say.
        await Promise.allSettled([promise]);
      }
    },
  },
  {
    id: "errors/body-of-another-type",
    breaks: "A text or an object that is given for bytes is stored as something that cannot be read back.",
    async run({ store }) {
      for (const value of ["text", undefined, null, 7, [1, 2], {}, new ArrayBuffer(2), new Uint16Array(2)]) {
        const body = value as Uint8Array;
        await expectRejection(`put of ${Object.prototype.toString.call(value)}`, "invalid-argument", () =>
          store.put("key", body),
        );
      }
      strictEqual(await store.get("key"), null);
    },
  },
  {
    id: "errors/no-credential",
    breaks: "A password shows in logs.",
    async run(context) {
      const { store, harness } = context;
      expectNoCredential("the location", store.location, harness.secrets ?? []);
      if (!URL.canParse(store.location))
        throw fail(`the location must be a URL; it is ${JSON.stringify(store.location)}`);
      strictEqual(new URL(store.location).password, "", "the location must have no password");
      for (const error of await collectErrors(await allRefusals(context))) {
        expectNoCredential(`the message of an error of code ${error.code}`, error.message, harness.secrets ?? []);
        const everything = inspect(error, { depth: 8, showHidden: true });
        expectNoCredential(`what is printed of an error of code ${error.code}`, everything, harness.secrets ?? []);
      }
    },
  },
  {
    id: "errors/damaged-value-is-corrupt",
    breaks: "A damaged task is taken for one that never was, or is resumed with what is left of it.",
    needsHarness: "corrupt",
    async run(context) {
      const { store, harness, namespace } = context;
      await store.put("key", bodyOf("a value that will be damaged"));
      await store.put("neighbour", bodyOf("a value that will not"));
      await harness.corrupt?.(namespace, "key");
      const error = await expectRejection("get of a damaged value", "corrupt", () => store.get("key"));
      strictEqual(error.key, "key");
      await expectRejection("a create over a damaged value", ["conflict", "corrupt"], () =>
        store.put("key", bodyOf("b"), { ifAbsent: true }),
      );
      await expectStored(store, "neighbour", bodyOf("a value that will not"));
    },
  },
];

function firstEntry(listing: AsyncIterable<unknown>): Promise<unknown> {
  return listing[Symbol.asyncIterator]().next();
}

function expectNoCredential(what: string, text: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret)]) {
      if (form !== "" && text.includes(form))
        throw fail(`${what} must not hold a credential; it holds one that the harness uses`);
    }
  }
  const userInfo = /\w+:\/\/[^\s/@:]*:[^\s/@]+@/u.exec(text);
  if (userInfo !== null) throw fail(`${what} must not hold a credential; it holds a URL with a password`);
}
