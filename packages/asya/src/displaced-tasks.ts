import { randomUUID } from "node:crypto";

import { CheckpointError } from "@holdpoint/core";
import type { ChangeOptions } from "@holdpoint/core/holds";

import { encodeDocument } from "./document-codec.ts";
import { displacedTaskId } from "./document-key.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { certainTime } from "./message-identity.ts";
import type { PausedDocument } from "./pause-document.ts";
import { quoteId } from "./quote-id.ts";
import { recordSecondId } from "./second-ids.ts";

/** How many documents of the same bytes are displaced under ids of their own. */
const maxEqual = 16;

/**
 * Keeps a task that waits, and has to make way for a newer one with its id, under an id of its own; its second ids lead
 * there too. It must be kept before the newer one takes its place, and is void for as long as that has not happened.
 */
export async function keepDisplaced(
  context: LedgerContext,
  waiting: PausedDocument,
  options: ChangeOptions,
): Promise<void> {
  const taskId = await keep(context, waiting, options);
  for (const secondId of waiting.aliases) await recordSecondId(context, secondId, taskId, options);
}

/**
 * Keeps a message that came second to a pause point where another one waits already, with other content. Nothing tells
 * whether an actor ran twice or another task has the same id, so it waits as well. The same message keeps one place,
 * however often it is delivered.
 *
 * @returns the id under which it waits
 */
export async function keepTwin(
  context: LedgerContext,
  twin: PausedDocument,
  waiting: PausedDocument,
  options: ChangeOptions,
): Promise<string> {
  const { mark } = twin.point;
  const identity = { digest: mark.digest, createdAt: certainTime(mark) };
  const content = new TextEncoder().encode(JSON.stringify([waiting.point.run, waiting.point.sequence, identity]));
  // Its pause point is none of the task's that waits, and no second id leads to it.
  const document = { ...twin, aliases: [], history: [], point: { ...twin.point, run: randomUUID() } };
  const taskId = displacedTaskId(twin.taskId, content);
  const kept = { ...document, taskId, displacedFrom: twin.taskId };
  await context.machine.write("pause", kept, undefined, options);
  return taskId;
}

async function keep({ machine }: LedgerContext, waiting: PausedDocument, options: ChangeOptions): Promise<string> {
  const body = encodeDocument(waiting);
  for (let round = 0; round < maxEqual; round += 1) {
    // A document of the same bytes may have been displaced, and answered, before.
    const taskId = displacedTaskId(waiting.taskId, Buffer.concat([body, Buffer.alloc(round)]));
    const displaced = { ...waiting, taskId, displacedFrom: waiting.displacedFrom ?? waiting.taskId };
    if ((await machine.write("pause", displaced, undefined, options)) !== undefined) return taskId;
    const there = await machine.store.get(machine.documents.key(taskId), options);
    if (there !== null && Buffer.compare(there.body, encodeDocument(displaced)) === 0) return taskId;
  }
  throw new CheckpointError(
    "conflict",
    `${machine.store.backend}: cannot pause the task ${quoteId(waiting.taskId)}: the one that it displaces was displaced ${maxEqual} times before. Look at holdpoint ls.`,
    { backend: machine.store.backend, operation: "pause", outcome: "not-applied" },
  );
}
