import { DriverFailureError } from "@holdpoint/core/driver";

import { JetStreamApiError, clientErrorKind, jetStreamErrors } from "./nats-error.ts";
import type { JetStream, StreamInfo } from "./nats-jetstream.ts";
import type { NatsStoreOptions } from "./nats-options.ts";

/** What the rest of the driver needs to know about the stream behind a KV bucket. */
export interface NatsBucket {
  readonly name: string;
  readonly stream: string;
  readonly replicas: number;
  readonly storage: "file" | "memory";
  /** The largest message that the bucket takes, headers included; `undefined`: as large as the server's. */
  readonly maxMessageBytes: number | undefined;
  /** Whether single messages may expire. */
  readonly ttl: boolean;
  /** Whether a write may remove the key's older revisions. */
  readonly rollup: boolean;
}

/** What the bucket must be like, and whether it may be made so. */
export interface BucketRequest extends Pick<NatsStoreOptions, "replicas" | "storage"> {
  readonly name: string;
  readonly create: boolean;
}

/**
 * Creates a KV bucket as the official clients do, or adopts one that is there, if it can keep a store's promises.
 *
 * @throws {DriverFailureError} `not-found` if it is missing and not to be created, `unsupported` if its settings would lose
 * or change checkpoints
 */
export async function openBucket(
  jetStream: JetStream,
  request: BucketRequest,
  signal: AbortSignal,
): Promise<NatsBucket> {
  const stream = `KV_${request.name}`;
  const subjects = [`$KV.${request.name}.>`];
  let config = await openStream(jetStream, { stream, subjects, description: "" }, request, signal);
  assertKeepsPromises(request, config, subjects);
  if (request.create && config["allow_msg_ttl"] === false) {
    config = await allowMessageTtl(jetStream, stream, config, signal);
  }
  const history = config["max_msgs_per_subject"];
  const rollup = config["allow_rollup_hdrs"] === true && config["deny_purge"] !== true;
  const maxMessageBytes = config["max_msg_size"];
  return {
    name: request.name,
    stream,
    replicas: Number(config["num_replicas"]),
    storage: config["storage"] === "memory" ? "memory" : "file",
    maxMessageBytes: typeof maxMessageBytes === "number" && maxMessageBytes > 0 ? maxMessageBytes : undefined,
    // Where older revisions are kept, one of them would come back when the newest expires.
    ttl: config["allow_msg_ttl"] === true && (history === 1 || rollup),
    rollup,
  };
}

/** A stream to be had. */
export interface StreamRequest {
  readonly stream: string;
  readonly subjects: readonly string[];
  readonly description: string;
}

/** The settings of a stream, which is created if it is missing and may be. */
export async function openStream(
  jetStream: JetStream,
  { stream, subjects, description }: StreamRequest,
  { name, create, replicas, storage }: BucketRequest,
  signal: AbortSignal,
): Promise<StreamInfo["config"]> {
  try {
    return (await jetStream.streamInfo(stream, signal)).config;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.errorCode !== jetStreamErrors.streamNotFound) throw error;
    if (!create) throw bucketMissing(stream, name, error);
  }
  const config = {
    name: stream,
    subjects,
    ...(description === "" ? {} : { description }),
    retention: "limits",
    max_consumers: -1,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msg_size: -1,
    ...(stream.startsWith("KV_") ? { max_msgs_per_subject: 1, deny_delete: true } : {}),
    storage: storage ?? "file",
    discard: "new",
    num_replicas: replicas ?? 1,
    allow_rollup_hdrs: true,
    allow_direct: true,
    // Servers before 2.11 pass over it, and what they answer then lacks it.
    allow_msg_ttl: true,
  };
  try {
    return ((await jetStream.api(`STREAM.CREATE.${stream}`, config, signal)) as StreamInfo).config;
  } catch (error) {
    // Somebody else has created it in the meantime, with other settings.
    if (!(error instanceof JetStreamApiError) || error.errorCode !== jetStreamErrors.streamNameInUse) throw error;
    return (await jetStream.streamInfo(stream, signal)).config;
  }
}

/** Refuses settings under which checkpoints would vanish, change or never be written. */
export function assertKeepsPromises(
  { name, replicas, storage }: BucketRequest,
  config: StreamInfo["config"],
  subjects: readonly string[],
): void {
  const refuse = (problem: string, remedy: string): never => {
    throw new DriverFailureError({
      code: "unsupported",
      retryable: false,
      outcome: "not-applied",
      message: `the stream ${String(config["name"])} of the bucket ${name} cannot keep checkpoints safe: ${problem}`,
      remedy,
    });
  };
  const positive = (field: string): boolean => Number(config[field] ?? 0) > 0;
  const useAnother = "Use another bucket; one that does not exist is created with the right settings.";
  const edit = `Change it with: nats stream edit ${String(config["name"])}, or use another bucket.`;
  if (config["mirror"] !== undefined) refuse("it is a mirror, which takes no writes", useAnother);
  const own = (config["subjects"] ?? []) as readonly string[];
  if (!subjects.every((subject) => own.includes(subject)))
    refuse(`it does not cover ${subjects.join(", ")}`, useAnother);
  if (config["sources"] !== undefined) refuse("other streams write into it", useAnother);
  if (config["subject_transform"] !== undefined) refuse("it rewrites subjects", edit);
  if (config["sealed"] === true) refuse("it is sealed", useAnother);
  if (config["no_ack"] === true) refuse("it does not acknowledge writes (no_ack)", edit);
  if (config["allow_msg_counter"] === true) refuse("it holds counters", useAnother);
  if (config["retention"] !== "limits") refuse("its retention removes what consumers have read", useAnother);
  if (positive("max_age")) refuse("it removes values after a time (max_age, the TTL of the bucket)", edit);
  if (config["discard"] !== "new" && (positive("max_msgs") || positive("max_bytes"))) {
    refuse("it removes the oldest values when it is full (discard: old)", edit);
  }
  if (config["discard_new_per_subject"] === true) refuse("it refuses updates (discard_new_per_subject)", edit);
  if (config["persist_mode"] === "async") refuse("it acknowledges before it stores (persist_mode: async)", edit);
  if (positive("max_msg_size") && Number(config["max_msg_size"]) < minMessageBytes) {
    refuse(`it takes values of at most ${String(config["max_msg_size"])} bytes (max_msg_size)`, edit);
  }
  if (config["storage"] === "memory" && storage !== "memory") {
    refuse("it is kept in memory", "Use another bucket, or accept the loss with the option storage=memory.");
  }
  if (config["storage"] === "file" && storage === "memory") refuse("it is kept in files", "Leave out storage=memory.");
  if (replicas !== undefined && config["num_replicas"] !== replicas) {
    refuse(`it has ${String(config["num_replicas"])} replicas, not the ${replicas} that were asked for`, edit);
  }
}

/** Room for the headers and for the pointer to a value that is kept elsewhere. */
export const minMessageBytes = 8_192;

async function allowMessageTtl(
  jetStream: JetStream,
  stream: string,
  config: StreamInfo["config"],
  signal: AbortSignal,
): Promise<StreamInfo["config"]> {
  try {
    const update = { ...config, allow_msg_ttl: true };
    return ((await jetStream.api(`STREAM.UPDATE.${stream}`, update, signal)) as StreamInfo).config;
  } catch (error) {
    // Not allowed to this user, or not possible with the bucket's other settings: then the store has no TTL.
    if (error instanceof JetStreamApiError || clientErrorKind(error) === "permissions") return config;
    throw error;
  }
}

function bucketMissing(stream: string, name: string, cause: unknown): DriverFailureError {
  const command = stream.startsWith("KV_") ? "nats kv add" : "nats object add";
  return new DriverFailureError(
    {
      code: "not-found",
      retryable: false,
      outcome: "not-applied",
      message: `there is no bucket ${name}`,
      remedy: `Check its name. It is created with: ${command} ${name}, or by a store that is opened for writing without create=false.`,
    },
    cause,
  );
}
