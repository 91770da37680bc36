import { EventEmitter } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isJsonObject } from "@holdpoint/core";
import type { Envelope } from "@holdpoint/asya";

import type { ActorHandler } from "../actor-message.ts";
import type { WireError } from "../wire-error.ts";
import { wireError } from "../wire-error.ts";
import { createActorInProcess } from "./actor-in-process.ts";
import type { ActorCommand } from "./actor-process.ts";
import { createActorProcess } from "./actor-process.ts";
import type { DeliveryResult } from "./deliver-message.ts";
import { deliverMessage } from "./deliver-message.ts";
import type { MeshResumeOptions, SendOptions } from "./gateway-envelope.ts";
import { newEnvelope, resumeEnvelope } from "./gateway-envelope.ts";
import type { MeshEventMap, MeshOutcome } from "./mesh-events.ts";
import { nextEnvelopes } from "./next-envelopes.ts";
import type { RunningActor } from "./running-actor.ts";

/** Options of {@link createLocalMesh}. */
export interface LocalMeshOptions {
  /** The actors by name: a command, which runs as a process of its own, or a handler, which runs in this one. */
  readonly actors: Readonly<Record<string, ActorCommand | ActorHandler>>;
  /** Where the actors' sockets are; keep its path short. @default a directory of its own that goes with the mesh */
  readonly directory?: string | undefined;
  /** How often a message is delivered to an actor that answers with errors. @default 3 */
  readonly attempts?: number | undefined;
  /** The wait before a message is delivered again; it doubles each time. @default 20 */
  readonly backoffMs?: number | undefined;
  /** Names of error types that are not worth another attempt, as `ASYA_RESILIENCY_NON_RETRYABLE_ERRORS` lists them. @default none */
  readonly nonRetryableErrors?: readonly string[] | undefined;
  /** How long an actor may take until it can be dialled. @default 60000 */
  readonly startTimeoutMs?: number | undefined;
}

/** A message on its way. */
export interface MeshDelivery {
  /** The message as it was put in; hand it to {@link LocalMesh.deliver} to have it delivered again. */
  readonly envelope: Envelope;
  /**
   * How the message's way ended; where an actor made several of it, that of the first. Never rejects. Stays pending
   * while the actor that has the message is killed.
   */
  readonly outcome: Promise<MeshOutcome>;
}

/** Actors on one machine, with what stands around them in a cluster: gateway, sidecars and queues. */
export interface LocalMesh extends AsyncDisposable {
  /** Tells what becomes of every message, those of a fan-out included. */
  readonly events: EventEmitter<MeshEventMap>;
  /** Starts a task: a payload for the first of these actors. */
  send(actors: readonly string[], payload: unknown, options?: SendOptions): MeshDelivery;
  /** Answers a paused task, as a gateway does for a person. */
  resume(taskId: string, input: unknown, options?: MeshResumeOptions): MeshDelivery;
  /** Delivers a message as it is: one made by hand, or one that was delivered before. */
  deliver(envelope: Envelope): MeshDelivery;
  /**
   * Sends a signal to the processes of these actors, and waits until they have ended; handlers in this process go on.
   *
   * @param actors those that have processes, by default all
   * @throws {Error} if there is no actor of that name
   */
  kill(signal: NodeJS.Signals, actors?: readonly string[]): Promise<void>;
  /**
   * Starts the processes that do not run; messages that they had in hand are delivered again.
   *
   * @throws {Error} if an actor cannot be started; with what it wrote last
   */
  restart(): Promise<void>;
  /**
   * Ends every actor. Messages still on their way fail. May be called again.
   *
   * @throws {Error} if the sockets' directory cannot be removed
   */
  close(): Promise<void>;
}

/**
 * Starts actors on this machine and routes messages between them over the sockets that a sidecar would use. Made for
 * demonstrations, examples and tests: queues are kept in memory.
 *
 * @example
 * ```ts
 * await using mesh = await createLocalMesh({
 *   actors: {
 *     "x-pause": crewActor("x-pause", { ASYA_PERSISTENCE_MOUNT: "/state" }),
 *     "x-resume": crewActor("x-resume", { ASYA_PERSISTENCE_MOUNT: "/state" }),
 *     publisher: async ({ payload }) => ({ payload }),
 *   },
 * });
 * const paused = mesh.send(["x-pause", "publisher"], { draft: "…" });
 * await paused.outcome;
 * await mesh.resume(paused.envelope.id, { approved: true }).outcome;
 * ```
 * @throws {Error} if an actor cannot be started; with what it wrote last
 */
export async function createLocalMesh(options: LocalMeshOptions): Promise<LocalMesh> {
  const { attempts = 3, backoffMs = 20, nonRetryableErrors = [], startTimeoutMs = 60_000 } = options;
  for (const name of Object.keys(options.actors)) checkActorName(name);
  const events = new EventEmitter<MeshEventMap>();
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "mesh-")));
  const closing = Promise.withResolvers<never>();
  // Nobody may be waiting for a message.
  closing.promise.catch(() => {});
  const onOutput = (output: MeshEventMap["output"][0]): void => void events.emit("output", output);
  const onRetry = (retry: MeshEventMap["retry"][0]): void => void events.emit("retry", retry);
  const actors = new Map<string, RunningActor>();
  for (const [name, actor] of Object.entries(options.actors)) {
    const socketDirectory = join(directory, name);
    await mkdir(socketDirectory, { recursive: true });
    actors.set(
      name,
      typeof actor === "function"
        ? createActorInProcess(actor, { name, socketDirectory, onOutput })
        : createActorProcess(actor, { name, socketDirectory, startTimeoutMs, onOutput }),
    );
  }
  const killAll = (): void => {
    for (const actor of actors.values()) void actor.kill("SIGKILL");
  };
  process.once("exit", killAll);

  async function follow(start: Envelope): Promise<MeshOutcome> {
    for (let envelope = start; ;) {
      const { curr: name } = envelope.route;
      const { answer, attempts: made } = await deliver(name, envelope);
      if ("error" in answer)
        return report({ kind: "failed", envelope, actor: name, error: answer.error, attempts: made });
      const [first, ...others] = nextEnvelopes(envelope, answer.frames);
      for (const other of others) void goOn(other, name);
      if (first === undefined) return report({ kind: "finished", envelope, actor: name });
      const end = endOf(first, name);
      if (end !== undefined) return report(end);
      envelope = first;
    }
  }

  async function goOn(envelope: Envelope, from: string): Promise<MeshOutcome> {
    const end = endOf(envelope, from);
    return end === undefined ? await follow(envelope) : report(end);
  }

  async function deliver(name: string, envelope: Envelope): Promise<DeliveryResult> {
    const actor = actors.get(name);
    if (actor === undefined) return { answer: { error: unroutable(name, actors) }, attempts: 0 };
    const policy = { attempts, backoffMs, nonRetryableErrors, onRetry };
    return await Promise.race([deliverMessage(actor, envelope, policy), closing.promise]).catch((error: unknown) => ({
      answer: { error: wireError("processing_error", error).details },
      attempts: 0,
    }));
  }

  function report(outcome: MeshOutcome): MeshOutcome {
    if (!isReported(outcome.envelope)) return outcome;
    if (outcome.kind === "paused") events.emit("paused", outcome);
    else if (outcome.kind === "finished") events.emit("finished", outcome);
    else events.emit("failed", outcome);
    return outcome;
  }

  async function startAll(): Promise<void> {
    const starts = await Promise.allSettled(Array.from(actors.values(), (actor) => actor.start()));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeOnce());
  async function closeOnce(): Promise<void> {
    closing.reject(new Error("The mesh was closed while the message was on its way."));
    await Promise.all(Array.from(actors.values(), (actor) => actor.stop()));
    process.off("exit", killAll);
    for (const name of actors.keys()) await rm(join(directory, name), { recursive: true, force: true });
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  }

  const deliverEnvelope = (envelope: Envelope): MeshDelivery => ({ envelope, outcome: follow(envelope) });
  try {
    await startAll();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    events,
    send: (names, payload, sendOptions) => deliverEnvelope(newEnvelope(names, payload, sendOptions)),
    resume: (taskId, input, resumeOptions) => deliverEnvelope(resumeEnvelope(taskId, input, resumeOptions)),
    deliver: deliverEnvelope,
    kill: async (signal, names = [...actors.keys()]) => {
      const unknown = names.find((name) => !actors.has(name));
      if (unknown !== undefined) throw new Error(`There is no actor ${JSON.stringify(unknown)} to kill.`);
      await Promise.all(names.map(async (name) => await actors.get(name)?.kill(signal)));
    },
    restart: startAll,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What ends a message's way where it is; `undefined` if it goes on to its next actor. */
function endOf(envelope: Envelope, actor: string): MeshOutcome | undefined {
  const metadata = envelope.headers?.["x-asya-pause"];
  if (isJsonObject(metadata)) return { kind: "paused", envelope, actor, metadata, reported: isReported(envelope) };
  return envelope.route.curr === "" ? { kind: "finished", envelope, actor } : undefined;
}

function isReported({ headers }: Envelope): boolean {
  return headers?.["x-asya-mesh-status"] !== "off";
}

function unroutable(name: string, actors: ReadonlyMap<string, unknown>): WireError["details"] {
  const known = [...actors.keys()].join(", ");
  return wireError(
    "processing_error",
    new Error(`There is no actor ${JSON.stringify(name)} here; there are: ${known}.`),
  ).details;
}

// It becomes a directory's name.
function checkActorName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]*$/iu.test(name)) return;
  throw new Error(`${JSON.stringify(name)} cannot be an actor's name: letters, digits, ".", "_" and "-" are.`);
}
