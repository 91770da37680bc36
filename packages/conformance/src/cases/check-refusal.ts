import type { CaseContext, OptionalCapability } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectUnchanged } from "../expect/expect-unchanged.ts";
import { fail } from "../expect/fail.ts";
import { withoutRequest } from "../expect/without-request.ts";

/** What a store must do about a capability that it has not declared: refuse before any request, and change nothing. */
export const checkRefusal: Record<OptionalCapability, (context: CaseContext) => Promise<void>> = {
  async ttl({ store }) {
    await withoutRequest("put with ttlMs", () =>
      expectRejection("put with ttlMs", "unsupported", () => store.put("absent", bodyOf("a"), { ttlMs: 60_000 })),
    );
    await expectMissing(store, "absent");
    const { version } = await store.put("present", bodyOf("before"));
    for (const options of [{ ttlMs: 60_000 }, { ttlMs: 60_000, ifVersion: version }]) {
      await expectRejection("put with ttlMs", "unsupported", () => store.put("present", bodyOf("after"), options));
      await expectUnchanged(store, "present", bodyOf("before"), version);
    }
    if (store.timeToLive === undefined) return;
    await expectRejection("timeToLive", "unsupported", async () => await store.timeToLive?.("present"));
  },

  async listsVersions({ store }) {
    await store.put("present", bodyOf("a"));
    await withoutRequest("list with versions", () =>
      expectRejection("list with versions", "unsupported", () => Array.fromAsync(store.list({ versions: true }))),
    );
  },

  async conditionalDelete({ store }) {
    const { version } = await store.put("present", bodyOf("before"));
    await withoutRequest("delete with ifVersion", () =>
      expectRejection("delete with ifVersion", "unsupported", () => store.delete("present", { ifVersion: version })),
    );
    await expectUnchanged(store, "present", bodyOf("before"), version);
  },

  // Nothing can be refused here: the promise that remains is that other bytes are another version.
  async uniqueVersions({ store }) {
    const first = await store.put("present", bodyOf("first"));
    const second = await store.put("present", bodyOf("second"));
    if (first.version === second.version) throw fail("two values with other bytes must have other versions");
    await expectRejection("put with the version before last", "conflict", () =>
      store.put("present", bodyOf("third"), { ifVersion: first.version }),
    );
    await expectStored(store, "present", bodyOf("second"));
  },
};
