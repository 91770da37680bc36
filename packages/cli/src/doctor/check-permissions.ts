import type { StoreFinding } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import { installedBackends } from "@holdpoint/core/driver";

import type { Scratch } from "./scratch.ts";
import { scratchBody } from "./scratch.ts";

const readme = 'Allow what "Permissions it needs" in the README of the backend lists';

/** Tries put, get, list and delete on a scratch key, and compares the server's clock with this machine's. */
export async function* checkPermissions(scratch: Scratch): AsyncIterable<StoreFinding> {
  const { store, signal } = scratch;
  const key = scratch.key("value");
  const body = scratchBody("permissions");
  const before = Date.now();

  const put = await finding("put", readme, "Nothing can be paused or resumed without it.", async () => {
    await store.put(key, body, { ifAbsent: true, signal });
    return "a value was written";
  });
  yield put;

  let modifiedAt: Date | undefined;
  if (put.level === "ok") {
    yield await finding("get", readme, "Nothing can be resumed without it.", async () => {
      const found = await store.get(key, { signal });
      modifiedAt = found?.modifiedAt;
      if (found === null || Buffer.compare(found.body, body) !== 0) {
        throw new Error("what was written does not come back as it was");
      }
      return "it was read back, byte for byte";
    });
  }

  const backends = await installedBackends();
  const listPermission = backends.find(({ name }) => name === store.backend)?.listPermission;
  yield await finding(
    "list",
    listPermission === undefined ? readme : `Allow it: ${listPermission}`,
    "The actors do without it; ls, prune and copy do not. On S3 it also makes a missing task look missing, and not forbidden.",
    async () => {
      const keys: string[] = [];
      for await (const entry of store.list({ prefix: scratch.prefix, signal })) keys.push(entry.key);
      if (put.level === "ok" && !keys.includes(key)) throw new Error("a key that was written is not listed");
      return "keys are listed";
    },
    "warning",
  );
  yield await finding("delete", readme, "prune cannot remove what is left of ended tasks.", async () => {
    await store.delete(key, { signal });
    return "a value was removed";
  });

  if (modifiedAt !== undefined) yield compareClocks(modifiedAt, before);
}

async function finding(
  subject: string,
  remedy: string,
  reason: string,
  work: () => Promise<string>,
  levelIfDenied: "problem" | "warning" = "problem",
): Promise<StoreFinding> {
  try {
    return { subject, level: "ok", found: await work() };
  } catch (error) {
    if (CheckpointError.is(error, "aborted")) throw error;
    const { message } = error as Error;
    if (!CheckpointError.is(error, "permission-denied")) {
      return { subject, level: "problem", found: `${subject} fails: ${message}`, reason };
    }
    return { subject, level: levelIfDenied, found: `not permitted: ${message}`, reason, remedy: `${remedy}.` };
  }
}

const toleratedSkewMs = 2_000;

/** The server wrote the value between `before` and now. */
function compareClocks(modifiedAt: Date, before: number): StoreFinding {
  const subject = "clock";
  const time = modifiedAt.getTime();
  // Some servers tell whole seconds only.
  const latest = time % 1_000 === 0 ? time + 999 : time;
  const skewMs = latest < before ? latest - before : Math.max(0, time - Date.now());
  if (Math.abs(skewMs) <= toleratedSkewMs) {
    return { subject, level: "ok", found: "the server's clock and this machine's agree" };
  }
  return {
    subject,
    level: "warning",
    found: `the server's clock is ${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs < 0 ? "behind" : "ahead of"} this machine's`,
    reason: "Ages and deadlines are off by as much, and cloud services refuse requests whose time is too far off.",
    remedy: "Synchronise both clocks.",
  };
}
