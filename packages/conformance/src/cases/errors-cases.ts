import { strictEqual } from "node:assert/strict";
import { inspect } from "node:util";

import { CheckpointError } from "@holdpoint/core";
import type { CheckpointErrorCode, CheckpointStore } from "@holdpoint/core";

import type { CaseContext, ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectStored } from "../expect/expect-body.ts";
import { fail } from "../expect/fail.ts";

/** Errors of every kind that needs no broken server. */
async function collectErrors({ open, store }: CaseContext): Promise<CheckpointError[]> {
  await store.put("key", bodyOf("a"));
  const closed = await open();
  await closed.close();
  const kinds: readonly (readonly [CheckpointErrorCode, () => Promise<unknown>])[] = [
    ["conflict", () => store.put("key", bodyOf("b"), { ifAbsent: true })],
    ["conflict", () => store.put("missing", bodyOf("b"), { ifVersion: "no such version" })],
    ["invalid-argument", () => store.get("")],
    ["invalid-argument", () => store.put("key", bodyOf("b"), { ifVersion: "" })],
    ["too-large", () => store.put("key", new Uint8Array(store.capabilities.maxBodyBytes + 1))],
    ["aborted", () => store.get("key", { signal: AbortSignal.abort() })],
    ["closed", () => closed.get("key")],
    ["closed", () => Array.fromAsync(closed.list())],
  ];
  return await Promise.all(
    kinds.map(([code, work]) => expectRejection(`an operation`, [code, "invalid-argument"], work)),
  );
}

export const errorsCases: readonly ConformanceCase[] = [
  {
    id: "errors/conflict-says-what",
    breaks: "Nobody can tell from a log which task was in conflict, where, and whether anything was written.",
    async run({ store }) {
      await store.put("paused/msg-1.json", bodyOf("a"));
      const error = await expectRejection("a second create", "conflict", () =>
        store.put("paused/msg-1.json", bodyOf("b"), { ifAbsent: true }),
      );
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
      for (const error of await collectErrors(context)) {
        strictEqual(error instanceof Error, true, "an error must be an Error");
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
      const { version } = await store.put("key", bodyOf("a"));
      const large = new Uint8Array(store.capabilities.maxBodyBytes + 1);
      const refused: readonly (readonly [CheckpointErrorCode, () => Promise<unknown>])[] = [
        ["conflict", () => store.put("key", bodyOf("b"), { ifAbsent: true })],
        ["invalid-argument", () => store.put("key", bodyOf("b"), { ifAbsent: true, ifVersion: version })],
        ["too-large", () => store.put("key", large)],
        ["aborted", () => store.put("key", bodyOf("b"), { signal: AbortSignal.abort() })],
      ];
      for (const [code, work] of refused) {
        const error = await expectRejection("put", code, work);
        strictEqual(error.outcome, "not-applied", `the outcome of a write that was refused with ${code}`);
        strictEqual(error.operation, "put");
        strictEqual(error.key, "key");
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
        await expectRejection(name, "invalid-argument", () => promise);
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
      for (const error of await collectErrors(context)) {
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
      await repair(store);
    },
  },
];

function firstEntry(listing: AsyncIterable<unknown>): Promise<unknown> {
  return listing[Symbol.asyncIterator]().next();
}

async function repair(store: CheckpointStore): Promise<void> {
  await store.put("key", bodyOf("repaired"));
  await expectStored(store, "key", bodyOf("repaired"));
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
