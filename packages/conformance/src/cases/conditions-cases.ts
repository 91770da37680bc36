import { notStrictEqual, strictEqual } from "node:assert/strict";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectKeys } from "../expect/expect-keys.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectUnchanged } from "../expect/expect-unchanged.ts";
import { withoutRequest } from "../expect/without-request.ts";

export const conditionsCases: readonly ConformanceCase[] = [
  {
    id: "conditions/create",
    breaks: "A task cannot be paused.",
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"), { ifAbsent: true });
      await expectUnchanged(store, "key", bodyOf("a"), version);
    },
  },
  {
    id: "conditions/create-over-existing",
    breaks: "A pause that is delivered twice overwrites the task, also when it was already resumed.",
    async run({ store, open }) {
      const { version } = await store.put("key", bodyOf("first"), { ifAbsent: true });
      for (const client of [store, await open()]) {
        await expectRejection("a second create", "conflict", () => client.put("key", bodyOf("2"), { ifAbsent: true }));
        await expectRejection("a create with the same bytes", "conflict", () =>
          client.put("key", bodyOf("first"), { ifAbsent: true }),
        );
      }
      await expectUnchanged(store, "key", bodyOf("first"), version);
      await store.put("empty", new Uint8Array(0));
      await expectRejection("a create over an empty value", "conflict", () =>
        store.put("empty", bodyOf("2"), { ifAbsent: true }),
      );
    },
  },
  {
    id: "conditions/create-after-delete",
    breaks: "An id cannot be used again after its task was removed.",
    async run({ store }) {
      await store.put("key", bodyOf("first"), { ifAbsent: true });
      await store.delete("key");
      const { version } = await store.put("key", bodyOf("second"), { ifAbsent: true });
      await expectUnchanged(store, "key", bodyOf("second"), version);
    },
  },
  {
    id: "conditions/update",
    breaks: "A paused task cannot be resumed.",
    async run({ store, open }) {
      let { version } = await store.put("key", bodyOf("0"));
      for (const client of [store, await open(), store]) {
        const found = await client.get("key");
        strictEqual(found?.version, version, "the version that get returns must be the one that put returned");
        const body = bodyOf(`after ${version}`);
        ({ version } = await client.put("key", body, { ifVersion: version }));
        await expectUnchanged(store, "key", body, version);
      }
    },
  },
  {
    id: "conditions/stale-update",
    breaks: "Two people who answer the same task both succeed, and the task goes on twice.",
    async run({ store, open }) {
      const first = await store.put("key", bodyOf("first"));
      const second = await store.put("key", bodyOf("second"), { ifVersion: first.version });
      for (const client of [store, await open()]) {
        await expectRejection("an update with the version before last", "conflict", () =>
          client.put("key", bodyOf("third"), { ifVersion: first.version }),
        );
      }
      await expectUnchanged(store, "key", bodyOf("second"), second.version);
    },
  },
  {
    id: "conditions/update-of-missing",
    breaks: "An answer to a task that does not exist creates one.",
    async run({ store }) {
      const { version } = await store.put("another", bodyOf("a"));
      await expectRejection("an update of a missing key", "conflict", () =>
        store.put("key", bodyOf("b"), { ifVersion: version }),
      );
      await expectMissing(store, "key");
      await expectKeys(store, ["another"]);
    },
  },
  {
    id: "conditions/update-never-resurrects",
    breaks: "A late answer brings a task back that retention or an operator has removed.",
    async run({ store, open }) {
      const { version } = await store.put("key", bodyOf("a"));
      await store.delete("key");
      for (const client of [store, await open()]) {
        await expectRejection("an update of a deleted key", "conflict", () =>
          client.put("key", bodyOf("b"), { ifVersion: version }),
        );
      }
      await expectMissing(store, "key");
      await expectKeys(store, []);
    },
  },
  {
    id: "conditions/failed-condition-changes-nothing",
    breaks: "An attempt that was refused has changed the task all the same.",
    async run({ store }) {
      const old = await store.put("key", bodyOf("first"));
      const { version } = await store.put("key", bodyOf("second"));
      const before = await store.get("key");
      for (const condition of [{ ifAbsent: true }, { ifVersion: old.version }]) {
        await expectRejection("put", "conflict", () => store.put("key", bodyOf("third"), condition));
        await expectUnchanged(store, "key", bodyOf("second"), version);
      }
      const after = await store.get("key");
      strictEqual(after?.modifiedAt?.getTime(), before?.modifiedAt?.getTime(), "modifiedAt must not change");
      await store.put("key", bodyOf("third"), { ifVersion: version });
      await expectStored(store, "key", bodyOf("third"));
    },
  },
  {
    id: "conditions/version-belongs-to-its-key",
    breaks: "The version of one task opens another.",
    async run({ store }) {
      const mine = await store.put("mine", bodyOf("a"));
      const other = await store.put("other", bodyOf("b"));
      if (mine.version !== other.version) {
        await expectRejection("an update with another key's version", "conflict", () =>
          store.put("mine", bodyOf("c"), { ifVersion: other.version }),
        );
      }
      await expectUnchanged(store, "mine", bodyOf("a"), mine.version);
    },
  },
  {
    id: "conditions/version-is-stable",
    breaks: "A task cannot be resumed because its version changes by itself, or differs from client to client.",
    async run({ store, open }) {
      const { version } = await store.put("key", bodyOf("a"));
      await store.put("neighbour", bodyOf("b"));
      await store.delete("neighbour");
      for (const client of [store, await open(), store]) await expectUnchanged(client, "key", bodyOf("a"), version);
      strictEqual(typeof version, "string");
      notStrictEqual(version, "", "a version must not be empty");
    },
  },
  {
    id: "conditions/every-write-returns-its-version",
    breaks: "The version that a write returns is not the one to go on with.",
    async run({ store }) {
      let last = await store.put("key", bodyOf("0"));
      for (let round = 1; round <= 5; round += 1) {
        const body = bodyOf(String(round));
        const next = await store.put("key", body, round % 2 === 0 ? {} : { ifVersion: last.version });
        notStrictEqual(next.version, last.version, "another value must have another version");
        await expectUnchanged(store, "key", body, next.version);
        last = next;
      }
    },
  },
  {
    id: "conditions/same-bytes-new-version",
    breaks: "A write is not noticed because it stored what was there before.",
    needs: "uniqueVersions",
    async run({ store }) {
      const versions = new Set<string>();
      for (let round = 0; round < 5; round += 1) versions.add((await store.put("key", bodyOf("same"))).version);
      let last = await store.put("key", bodyOf("same"));
      for (let round = 0; round < 5; round += 1) {
        versions.add(last.version);
        last = await store.put("key", bodyOf("same"), { ifVersion: last.version });
      }
      versions.add(last.version);
      strictEqual(versions.size, 11, "eleven writes of the same bytes must have eleven versions");
    },
  },
  {
    id: "conditions/changed-and-changed-back",
    breaks: "A claim succeeds although the task was changed and changed back meanwhile.",
    needs: "uniqueVersions",
    async run({ store }) {
      const first = await store.put("key", bodyOf("a"));
      await store.put("key", bodyOf("b"));
      const third = await store.put("key", bodyOf("a"));
      await expectRejection("an update with the first version", "conflict", () =>
        store.put("key", bodyOf("c"), { ifVersion: first.version }),
      );
      await expectUnchanged(store, "key", bodyOf("a"), third.version);
    },
  },
  {
    id: "conditions/removed-and-created-again",
    breaks: "An answer to a removed task is applied to the new task that uses its id.",
    needs: "uniqueVersions",
    async run({ store }) {
      const first = await store.put("key", bodyOf("a"), { ifAbsent: true });
      await store.delete("key");
      const second = await store.put("key", bodyOf("a"), { ifAbsent: true });
      await expectRejection("an update with the removed value's version", "conflict", () =>
        store.put("key", bodyOf("b"), { ifVersion: first.version }),
      );
      await expectUnchanged(store, "key", bodyOf("a"), second.version);
    },
  },
  {
    id: "conditions/conditional-delete",
    breaks: "Retention cannot remove a task safely.",
    needs: "conditionalDelete",
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"));
      strictEqual(await store.delete("key", { ifVersion: version }), true);
      await expectMissing(store, "key");
    },
  },
  {
    id: "conditions/stale-conditional-delete",
    breaks: "Retention removes a task that was paused again in the meantime.",
    needs: "conditionalDelete",
    async run({ store, open }) {
      const old = await store.put("key", bodyOf("first"));
      const { version } = await store.put("key", bodyOf("second"));
      for (const client of [store, await open()]) {
        await expectRejection("a delete with the version before last", "conflict", () =>
          client.delete("key", { ifVersion: old.version }),
        );
      }
      await expectUnchanged(store, "key", bodyOf("second"), version);
    },
  },
  {
    id: "conditions/conditional-delete-of-missing",
    breaks: "Retention fails because somebody else was quicker.",
    needs: "conditionalDelete",
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"));
      await store.delete("key");
      strictEqual(await store.delete("key", { ifVersion: version }), false, "delete of what is gone");
      await expectMissing(store, "key");
    },
  },
  {
    id: "conditions/unknown-version-is-refused",
    breaks: 'A version that nobody ever issued is taken for "any", and the write overwrites whatever is there.',
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"));
      const unknown = [
        "*",
        "0",
        "-1",
        "1e3",
        "no such version",
        '"quoted"',
        "v".repeat(300),
        "ü",
        "a\r\nb: c",
        " ",
        "null",
      ];
      for (const ifVersion of unknown.filter((candidate) => candidate !== version)) {
        const what = `with the version ${JSON.stringify(ifVersion).slice(0, 30)}`;
        await expectRejection(`put ${what}`, ["conflict", "invalid-argument"], () =>
          store.put("key", bodyOf("b"), { ifVersion }),
        );
        if (store.capabilities.conditionalDelete) {
          await expectRejection(`delete ${what}`, ["conflict", "invalid-argument"], () =>
            store.delete("key", { ifVersion }),
          );
        }
      }
      await expectUnchanged(store, "key", bodyOf("a"), version);
    },
  },
  {
    id: "conditions/empty-version-is-refused",
    breaks: "A program that has lost the version overwrites whatever is there.",
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"));
      for (const value of ["", null, 7]) {
        const ifVersion = value as string;
        await withoutRequest(`ifVersion ${String(value)}`, async () => {
          await expectRejection(`put with ifVersion ${JSON.stringify(value)}`, "invalid-argument", () =>
            store.put("key", bodyOf("b"), { ifVersion }),
          );
          const codes = store.capabilities.conditionalDelete
            ? "invalid-argument"
            : (["invalid-argument", "unsupported"] as const);
          await expectRejection(`delete with ifVersion ${JSON.stringify(value)}`, codes, () =>
            store.delete("key", { ifVersion }),
          );
        });
      }
      await expectUnchanged(store, "key", bodyOf("a"), version);
    },
  },
  {
    id: "conditions/both-are-refused",
    breaks: "A call that contradicts itself does one of two things, and nobody knows which.",
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"));
      await withoutRequest("ifAbsent with ifVersion", () =>
        expectRejection("put with ifAbsent and ifVersion", "invalid-argument", () =>
          store.put("key", bodyOf("b"), { ifAbsent: true, ifVersion: version }),
        ),
      );
      await expectUnchanged(store, "key", bodyOf("a"), version);
    },
  },
  {
    id: "conditions/undefined-is-no-condition",
    breaks: "Options that are built step by step and left undefined are taken for conditions.",
    async run({ store }) {
      await store.put("key", bodyOf("a"));
      const none = {
        ifAbsent: undefined,
        ifVersion: undefined,
        ttlMs: undefined,
        signal: undefined,
        timeoutMs: undefined,
      };
      await store.put("key", bodyOf("b"), none);
      await expectStored(store, "key", bodyOf("b"));
      await store.put("key", bodyOf("c"), { ifAbsent: false });
      await expectStored(store, "key", bodyOf("c"));
      strictEqual(await store.delete("key", { ifVersion: undefined }), true);
    },
  },
];
