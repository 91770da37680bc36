import type { CheckpointStore, PutOptions } from "@holdpoint/core";
import { relateDocuments } from "@holdpoint/asya";
import { CheckpointError } from "@holdpoint/core";

/** The stores of a copy, and how it goes about what differs. */
export interface CopyPlan {
  readonly from: CheckpointStore;
  readonly to: CheckpointStore;
  /** Replace what the target has under a key and nothing explains. */
  readonly update: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * What became of one key:
 *
 * - `copied`: it was not in the target
 * - `already-there`: the target had the same bytes
 * - `updated`: the target had something older, which was replaced
 * - `ahead`: the target has a later state of the same task; it was left alone
 * - `gone`: it was removed from the source meanwhile
 * - `differs`: the target has something else; it was left alone
 */
export type KeyOutcome =
  | { readonly kind: "copied" | "already-there" | "updated" | "ahead" | "gone" }
  | { readonly kind: "differs"; readonly problem: string };

// Each round is a change by somebody else between two requests.
const maxRounds = 16;

/**
 * Copies one value as it is. What is written is always under a condition: that the target has nothing, or that it still
 * has the very version that was found out of date. After each write the source is read again, until it is what was
 * written.
 *
 * @throws {CheckpointError} what `get`, `put` and `delete` throw, except `conflict`
 */
export async function copyKey(plan: CopyPlan, key: string): Promise<KeyOutcome> {
  const { from, to, signal } = plan;
  /** What the target has because this call has written it. */
  let written: { readonly body: Uint8Array; readonly version: string } | undefined;
  let outcome: "copied" | "updated" | undefined;
  for (let round = 0; round < maxRounds; round += 1) {
    const source = await from.get(key, { signal });
    if (source === null) return written === undefined ? { kind: "gone" } : await withdraw(plan, key, written.version);
    const { body } = source;
    if (written !== undefined && outcome !== undefined) {
      if (isSame(body, written.body)) return { kind: outcome };
      const version = await putUnder(plan, key, body, { ifVersion: written.version });
      if (version !== undefined) {
        [outcome, written] = ["updated", { body, version }];
        continue;
      }
      written = undefined;
    } else if (outcome === undefined) {
      // Without looking first: where listing is not permitted, S3 does not tell a missing key from a forbidden one.
      const version = await putUnder(plan, key, body, { ifAbsent: true });
      if (version !== undefined) {
        [outcome, written] = ["copied", { body, version }];
        continue;
      }
    }

    const target = await to.get(key, { signal });
    // Whoever removes a task's document may have claimed the task: a copy of it would be resumed once more.
    if (target === null) return differs("somebody removed it from the target meanwhile");
    if (isSame(body, target.body)) return { kind: outcome ?? "already-there" };
    const relation = relateDocuments(key, body, target.body);
    if (relation === "earlier") return { kind: "ahead" };
    if (relation === "unrelated" && !plan.update) {
      // Unless it has only just changed in the source.
      const again = await from.get(key, { signal });
      if (again !== null && isSame(again.body, body)) return differs(differenceOf(outcome !== undefined));
      continue;
    }
    const version = await putUnder(plan, key, body, { ifVersion: target.version });
    if (version !== undefined) [outcome, written] = ["updated", { body, version }];
  }
  return differs(`it changed ${maxRounds} times while it was copied`);
}

/** Says what {@link copyKey} would do, without writing anything. */
export async function compareKey({ from, to, update, signal }: CopyPlan, key: string): Promise<KeyOutcome> {
  const source = await from.get(key, { signal });
  if (source === null) return { kind: "gone" };
  const target = await to.get(key, { signal });
  if (target === null) return { kind: "copied" };
  if (isSame(source.body, target.body)) return { kind: "already-there" };
  const relation = relateDocuments(key, source.body, target.body);
  if (relation === "earlier") return { kind: "ahead" };
  return relation === "later" || update ? { kind: "updated" } : differs(differenceOf(false));
}

/**
 * Reads a key back from both stores; what is not the same there is copied, and read back again.
 *
 * @throws {CheckpointError} what {@link copyKey} throws
 */
export async function verifyKey(
  plan: CopyPlan,
  key: string,
): Promise<{ readonly outcome: KeyOutcome; readonly verified: boolean }> {
  const { from, to, signal } = plan;
  let outcome: KeyOutcome = { kind: "already-there" };
  for (let round = 0; round < maxRounds; round += 1) {
    const target = await to.get(key, { signal }).catch(nothingIfDenied);
    const source = await from.get(key, { signal });
    if (source === null) return { outcome: { kind: "gone" }, verified: false };
    if (target !== null && isSame(source.body, target.body)) return { outcome, verified: true };
    const copied = await copyKey(plan, key);
    if (copied.kind === "gone" || copied.kind === "ahead" || copied.kind === "differs") {
      return { outcome: copied, verified: false };
    }
    if (copied.kind !== "already-there") outcome = copied;
  }
  return { outcome: differs("it changes again and again, or does not come back as it was written"), verified: false };
}

/** Takes back what was written, now that the source has it no more, unless somebody has written there since. */
async function withdraw({ to, signal }: CopyPlan, key: string, version: string): Promise<KeyOutcome> {
  const problem = "it was removed from the source while it was copied";
  if (!to.capabilities.conditionalDelete) {
    return differs(`${problem}, and the target, which has the copy, cannot delete under a condition`);
  }
  try {
    await to.delete(key, { ifVersion: version, signal });
    return { kind: "gone" };
  } catch (error) {
    if (CheckpointError.is(error, "conflict")) return differs(`${problem}, and the copy was changed in the target`);
    throw error;
  }
}

/** Resolves to the new version, or to `undefined` if the condition does not hold. */
async function putUnder(
  { to, signal }: CopyPlan,
  key: string,
  body: Uint8Array,
  condition: Pick<PutOptions, "ifAbsent" | "ifVersion">,
): Promise<string | undefined> {
  try {
    return (await to.put(key, body, { ...condition, signal })).version;
  } catch (error) {
    if (CheckpointError.is(error, "conflict")) return undefined;
    throw error;
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function differs(problem: string): KeyOutcome {
  return { kind: "differs", problem };
}

function differenceOf(wasWritten: boolean): string {
  return wasWritten
    ? "it was changed in the source and in the target while it was copied"
    : "the target has something else there, and nothing tells which of the two is out of date";
}

/** Where listing is not permitted, S3 refuses to read what is not there. */
function nothingIfDenied(error: unknown): null {
  if (CheckpointError.is(error, "permission-denied")) return null;
  throw error;
}
