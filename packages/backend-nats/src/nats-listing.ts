import { setTimeout as sleep } from "node:timers/promises";

import type { CheckpointEntry } from "@holdpoint/core";

import { DriverFailureError } from "@holdpoint/core/driver";

import type { NatsBucket } from "./nats-bucket.ts";
import type { NatsMessage } from "./nats-client.ts";
import { bodyHeader, bodySizeHeader, isMarker } from "./nats-headers.ts";
import type { JetStream, StoredMessage } from "./nats-jetstream.ts";
import { formatVersion } from "./nats-version.ts";

const pageSize = 1_000;
/** The server removes the consumer of a listing that was broken off when nobody has asked it for so long. */
const inactiveThresholdMs = 60_000;
const endTimeoutMs = 2_000;
/** How long a replica is given at a time to catch up with the leader. */
const catchUpMs = 250;
/** How often a consumer that was just made is asked before it counts as gone; about three seconds in all. */
const maxAsks = 10;

/** A value that a listing has found. */
export interface ListedValue extends Omit<CheckpointEntry, "key"> {
  /** The escaped key. */
  readonly escapedKey: string;
}

/** A message that a consumer has handed out, and what it says about it. */
interface Delivered {
  readonly message: NatsMessage;
  readonly delivery: Delivery;
}

/** Where a listing reads. */
export interface ListingSource {
  readonly jetStream: JetStream;
  readonly bucket: NatsBucket;
  readonly inboxPrefix: string;
  /** Whether one consumer can have several filters, as it can from server 2.10 on. */
  readonly severalFilters: boolean;
}

/**
 * The last message of every subject that matches `filter`, without contents, except where it says that the key was
 * deleted.
 *
 * A consumer that the server forgets by itself hands them out in pages. Where the bucket has replicas, the consumer may
 * sit on one that lags behind; then nothing is reported before it has come to where the leader was at the beginning.
 */
export async function* listValues(
  { jetStream, bucket, inboxPrefix, severalFilters }: ListingSource,
  filter: string,
  signal: AbortSignal,
): AsyncIterable<readonly ListedValue[]> {
  const everything = `$KV.${bucket.name}.>`;
  const goal = bucket.replicas === 1 ? undefined : await jetStream.lastMessage(bucket.stream, everything, signal);
  if (goal === null) return;
  const filters = goal === undefined || matches(filter, goal.subject) ? [filter] : [filter, goal.subject];
  const consumer = `holdpoint-${crypto.randomUUID()}`;
  const config = {
    name: consumer,
    deliver_policy: "last_per_subject",
    ack_policy: "none",
    headers_only: true,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: inactiveThresholdMs * 1e6,
    ...(filters.length === 1
      ? { filter_subject: filter }
      : severalFilters
        ? { filter_subjects: filters }
        : { filter_subject: everything }),
  };
  const create = { stream_name: bucket.stream, config, action: "create" };
  await jetStream.api(`CONSUMER.CREATE.${bucket.stream}.${consumer}`, create, signal);
  try {
    const pages = new ConsumerPages(jetStream, bucket.stream, consumer, inboxPrefix);
    if (goal === undefined) yield* whileReading(pages, bucket.name, signal);
    else yield* afterCatchingUp(pages, goal, { jetStream, bucket }, signal);
  } finally {
    // If it fails, the server forgets the consumer by itself.
    const ending = AbortSignal.timeout(endTimeoutMs);
    await jetStream.api(`CONSUMER.DELETE.${bucket.stream}.${consumer}`, undefined, ending).catch(() => undefined);
  }
}

async function* whileReading(
  pages: ConsumerPages,
  bucketName: string,
  signal: AbortSignal,
): AsyncIterable<readonly ListedValue[]> {
  // A key that is written during the listing comes again.
  const seen = new Set<string>();
  for (;;) {
    const page = await pages.next(signal);
    yield page.flatMap((delivered) => {
      const value = listedValue(delivered, bucketName);
      if (value === undefined || seen.has(value.escapedKey)) return [];
      seen.add(value.escapedKey);
      return [value];
    });
    if (pages.atEnd) return;
  }
}

async function* afterCatchingUp(
  pages: ConsumerPages,
  goal: StoredMessage,
  { jetStream, bucket }: Pick<ListingSource, "jetStream" | "bucket">,
  signal: AbortSignal,
): AsyncIterable<readonly ListedValue[]> {
  const latest = new Map<string, ListedValue | undefined>();
  for (;;) {
    for (const delivered of await pages.next(signal, catchUpMs)) {
      latest.set(delivered.message.subject, listedValue(delivered, bucket.name));
    }
    if (!pages.atEnd) continue;
    if (pages.lastSequence >= goal.sequence) break;
    // The message may also have been removed since; then there is nothing to wait for.
    if ((await jetStream.messageAt(bucket.stream, goal.sequence, signal)) === null) break;
  }
  yield Array.from(latest.values()).filter((value) => value !== undefined);
}

/** What a consumer of the pull kind hands out. */
class ConsumerPages {
  /** The stream's sequence of the last message that came. */
  lastSequence = 0;
  /** Whether the consumer had nothing more to hand out. */
  atEnd = false;
  readonly #jetStream: JetStream;
  readonly #operation: string;
  readonly #inboxPrefix: string;
  #received = 0;

  constructor(jetStream: JetStream, stream: string, consumer: string, inboxPrefix: string) {
    this.#jetStream = jetStream;
    this.#operation = `CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#inboxPrefix = inboxPrefix;
  }

  /** @param waitMs how long to wait for the first message where there is none yet */
  async next(signal: AbortSignal, waitMs?: number): Promise<readonly Delivered[]> {
    for (let attempt = 1; ; attempt += 1) {
      const page = await this.#ask(signal, waitMs);
      if (page !== undefined) return page;
      if (attempt === maxAsks) throw brokenListing("its consumer is gone");
      await sleep(Math.min(10 * 2 ** attempt, 500), undefined, { signal });
    }
  }

  /** `undefined`: the servers do not know yet where in the cluster the consumer is; or it is gone. */
  async #ask(signal: AbortSignal, waitMs: number | undefined): Promise<readonly Delivered[] | undefined> {
    const page: Delivered[] = [];
    let isKnown = true;
    const ask = { batch: pageSize, ...(waitMs === undefined ? { no_wait: true } : { expires: waitMs * 1e6 }) };
    this.atEnd = false;
    await this.#jetStream.receive(this.#operation, ask, this.#inboxPrefix, signal, (message) => {
      const code = message.headers?.code ?? 0;
      if (code === 503) {
        isKnown = false;
        return true;
      }
      if (code >= 400) {
        // 404: there is nothing; 408: there is nothing more.
        if (code !== 404 && code !== 408) throw brokenListing(`${code} ${message.headers?.description ?? ""}`.trim());
        this.atEnd = true;
        return true;
      }
      const delivery = parseDelivery(message.reply ?? "");
      this.#received += 1;
      if (delivery.consumerSequence !== this.#received) throw brokenListing("a message of it was lost");
      this.lastSequence = delivery.streamSequence;
      page.push({ message, delivery });
      if (delivery.pending === 0) this.atEnd = true;
      return this.atEnd || page.length === pageSize;
    });
    return isKnown ? page : undefined;
  }
}

interface Delivery {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly time: Date;
  readonly pending: number;
}

/**
 * Reads what a consumer says about a message in the subject for its acknowledgement:
 * `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`.
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
 */
function parseDelivery(reply: string): Delivery {
  const tokens = reply.split(".");
  const [streamSequence, consumerSequence, nanoseconds, pending] = tokens
    .slice(tokens.length === 9 ? 5 : 7)
    .map(Number);
  if (
    streamSequence === undefined ||
    consumerSequence === undefined ||
    nanoseconds === undefined ||
    pending === undefined
  ) {
    throw brokenListing("a message of it has no sequence");
  }
  return { streamSequence, consumerSequence, time: new Date(nanoseconds / 1e6), pending };
}

function listedValue({ message, delivery }: Delivered, bucketName: string): ListedValue | undefined {
  const header = (name: string): string | undefined => message.headers?.get(name) || undefined;
  if (isMarker(header)) return undefined;
  const { time: modifiedAt, streamSequence: revision } = delivery;
  return {
    escapedKey: message.subject.slice(`$KV.${bucketName}.`.length),
    sizeBytes: Number(header(bodySizeHeader) ?? header("Nats-Msg-Size") ?? 0),
    modifiedAt,
    version: formatVersion({ revision, bodyId: header(bodyHeader) }),
  };
}

/** Whether a filter that may end in `>` lets a subject through. */
function matches(filter: string, subject: string): boolean {
  return filter.endsWith(">") ? subject.startsWith(filter.slice(0, -1)) : filter === subject;
}

function brokenListing(problem: string): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: `the listing was broken off (${problem})`,
    remedy: "List again.",
  });
}
