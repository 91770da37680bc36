import { deepStrictEqual, strictEqual } from "node:assert/strict";

import type { CaseOutcome, CaseContext, ConformanceCase, OptionalCapability } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectStored } from "../expect/expect-body.ts";
import { expectVersions } from "../expect/expect-versions.ts";
import { fail } from "../expect/fail.ts";
import { checkRefusal } from "./check-refusal.ts";

export const capabilitiesCases: readonly ConformanceCase[] = [
  {
    id: "capabilities/declared",
    breaks: "A program cannot find out what it may ask of the store.",
    async run({ store, open }) {
      const { capabilities } = store;
      for (const name of ["conditionalDelete", "ttl", "uniqueVersions"] as const) {
        strictEqual(typeof capabilities[name], "boolean", `${name} must be declared`);
      }
      const { maxBodyBytes } = capabilities;
      if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1) {
        throw fail(`maxBodyBytes must be a whole number of bytes; it is ${String(maxBodyBytes)}`);
      }
      deepStrictEqual((await open()).capabilities, capabilities, "another client must declare the same");
      if (store.backend.trim() === "") throw fail("the store must say which backend it is");
    },
  },
  {
    id: "capabilities/ttl-or-refusal",
    breaks: "A time to live is silently ignored, and nothing is ever removed.",
    async run(context): Promise<CaseOutcome> {
      if (!context.store.capabilities.ttl) return await refuse("ttl", context);
      await context.store.put("key", bodyOf("a"), { ttlMs: 60_000 });
      await expectStored(context.store, "key", bodyOf("a"));
      return "passed";
    },
  },
  {
    id: "capabilities/conditional-delete-or-refusal",
    breaks: "The condition of a delete is silently ignored, and a task is removed that has changed.",
    async run(context): Promise<CaseOutcome> {
      if (!context.store.capabilities.conditionalDelete) return await refuse("conditionalDelete", context);
      const { version } = await context.store.put("key", bodyOf("a"));
      strictEqual(await context.store.delete("key", { ifVersion: version }), true);
      return "passed";
    },
  },
  {
    id: "capabilities/listed-versions-or-refusal",
    breaks: "A program that asks for versions gets none, and takes everything for unchanged.",
    async run(context): Promise<CaseOutcome> {
      if (context.store.capabilities.listsVersions !== true) return await refuse("listsVersions", context);
      await context.store.put("key", bodyOf("a"));
      await expectVersions(context.store, ["key"]);
      return "passed";
    },
  },
];

async function refuse(capability: OptionalCapability, context: CaseContext): Promise<CaseOutcome> {
  await checkRefusal[capability](context);
  return "refused as declared";
}
