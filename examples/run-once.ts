import { randomUUID } from "node:crypto";

import type { ActorHandler } from "@holdpoint/actors";
import { createLocalMesh } from "@holdpoint/actors/mesh";
import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";

type WorkRecord =
  | { readonly state: "begun"; readonly by: string; readonly at: string }
  | { readonly state: "done"; readonly result: unknown }
  | { readonly state: "failed" };

const encode = (record: WorkRecord): Uint8Array => new TextEncoder().encode(JSON.stringify(record));
const decode = (body: Uint8Array): WorkRecord => JSON.parse(new TextDecoder().decode(body)) as WorkRecord;

/**
 * Does a piece of work at most once for each key, however often and in how many processes it is asked for, and gives
 * everybody its result. Whoever comes while it is under way gets an error, and so is delivered again later. What a
 * process that died has begun stays begun, until a person has looked whether it was done.
 */
async function runOnce(store: CheckpointStore, key: string, work: () => Promise<unknown>): Promise<unknown> {
  const found = await store.get(key);
  const record = found === null ? undefined : decode(found.body);
  if (record?.state === "done") return record.result;
  if (record?.state === "begun") throw new Error(`${key} was begun at ${record.at}, and is not finished.`);

  // Of all that have read the same, one can write: the others get a conflict here, before they have done anything.
  const condition = found === null ? { ifAbsent: true } : { ifVersion: found.version };
  const begun = encode({ state: "begun", by: randomUUID(), at: new Date().toISOString() });
  const { version } = await store.put(key, begun, condition);
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    await store.put(key, encode({ state: "failed" }), { ifVersion: version });
    throw error;
  }
  await store.put(key, encode({ state: "done", result }), { ifVersion: version });
  return result;
}

async function main(): Promise<void> {
  const store = await openStore("memory:");
  const sentMails: string[] = [];
  const sendMail: ActorHandler = async ({ id, payload }) => {
    const { to } = payload as { to: string };
    const result = await runOnce(store, `mails/${id}`, async () => {
      sentMails.push(to);
      return { mail: sentMails.length };
    });
    return { payload: result };
  };

  const mesh = await createLocalMesh({ actors: { "send-mail": sendMail } });
  const first = mesh.send(["send-mail"], { to: "ada@example.com" });
  // Queues deliver at least once, and sometimes twice at the same time.
  const outcomes = await Promise.all([first.outcome, mesh.deliver(first.envelope).outcome]);
  const late = await mesh.deliver(first.envelope).outcome;
  console.log([...outcomes, late].map(({ envelope }) => envelope.payload)); // [ { mail: 1 }, { mail: 1 }, { mail: 1 } ]
  console.log(sentMails); // [ 'ada@example.com' ]
  await mesh.close();
  await store.close();
}

void main();
