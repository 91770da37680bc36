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
import { ActorProcess } from "./actor-process.ts";
import type { DeliveryResult, RetryPolicy } from "./deliver-message.ts";
import { deliverMessage } from "./deliver-message.ts";
import type { MeshResumeOptions, SendOptions } from "./gateway-envelope.ts";
import { newEnvelope, resumeEnvelope } from "./gateway-envelope.ts";
import type { MeshEventMap, MeshFailed, MeshOutcome, MeshOutput, MeshRetry } from "./mesh-events.ts";
import type { GatewayGeneration } from "./mesh-gateway.ts";
import { MeshGateway } from "./mesh-gateway.ts";
import { nextEnvelopes } from "./next-envelopes.ts";
import type { RunningActor } from "./running-actor.ts";
import { isEndReported, isExpired, isReported, withFirstAttempt } from "./sidecar-rules.ts";

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
  /** Which generation of Asya's gateways keeps the records of the tasks. @default "a2a" */
  readonly gateway?: GatewayGeneration | undefined;
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
  /** What the gateway shows of each task, which need not be what has become of it. */
  readonly gateway: MeshGateway;
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
  for (const name of Object.keys(options.actors)) checkActorName(name);
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "mesh-")));
  const mesh = new RunningLocalMesh(options, directory);
  try {
    await mesh.start();
  } catch (error) {
    await mesh.close();
    throw error;
  }
  return mesh;
}

class RunningLocalMesh implements LocalMesh {
  readonly events = new EventEmitter<MeshEventMap>();
  readonly gateway: MeshGateway;
  readonly #options: LocalMeshOptions;
  readonly #directory: string;
  readonly #actors = new Map<string, RunningActor>();
  readonly #policy: RetryPolicy;
  readonly #closing = Promise.withResolvers<never>();
  #closed: Promise<void> | undefined;

  constructor(options: LocalMeshOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.gateway = new MeshGateway(options.gateway ?? "a2a");
    const { attempts = 3, backoffMs = 20, nonRetryableErrors = [] } = options;
    const onRetry = (retry: MeshRetry): void => void this.events.emit("retry", retry);
    this.#policy = { attempts, backoffMs, nonRetryableErrors, onRetry };
    // Nobody may be waiting for a message.
    this.#closing.promise.catch(() => {});
    process.once("exit", this.#killAll);
  }

  async start(): Promise<void> {
    const { actors, startTimeoutMs = 60_000 } = this.#options;
    const onOutput = (output: MeshOutput): void => void this.events.emit("output", output);
    for (const [name, actor] of Object.entries(actors)) {
      const socketDirectory = join(this.#directory, name);
      await mkdir(socketDirectory, { recursive: true });
      this.#actors.set(
        name,
        typeof actor === "function"
          ? createActorInProcess(actor, { name, socketDirectory, onOutput })
          : new ActorProcess(actor, { name, socketDirectory, startTimeoutMs, onOutput }),
      );
    }
    await this.restart();
  }

  send(actors: readonly string[], payload: unknown, options: SendOptions = {}): MeshDelivery {
    const envelope = newEnvelope(actors, payload, options);
    this.gateway.create(envelope, options.timeoutSeconds);
    return this.deliver(envelope);
  }

  resume(taskId: string, input: unknown, options: MeshResumeOptions = {}): MeshDelivery {
    const envelope = resumeEnvelope(taskId, input, options);
    // One that answers under an id of its own follows that one; the others keep their record of the task.
    if ((options.idStyle ?? "fresh") === "fresh") this.gateway.create(envelope);
    else this.gateway.resume(taskId);
    return this.deliver(envelope);
  }

  deliver(envelope: Envelope): MeshDelivery {
    return { envelope, outcome: this.#follow(envelope) };
  }

  async kill(signal: NodeJS.Signals, names: readonly string[] = [...this.#actors.keys()]): Promise<void> {
    const unknown = names.find((name) => !this.#actors.has(name));
    if (unknown !== undefined) throw new Error(`There is no actor ${JSON.stringify(unknown)} to kill.`);
    await Promise.all(names.map(async (name) => await this.#actors.get(name)?.kill(signal)));
  }

  async restart(): Promise<void> {
    const starts = await Promise.allSettled(Array.from(this.#actors.values(), (actor) => actor.start()));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#closing.reject(new Error("The mesh was closed while the message was on its way."));
    await Promise.all(Array.from(this.#actors.values(), (actor) => actor.stop()));
    process.off("exit", this.#killAll);
    for (const name of this.#actors.keys()) await rm(join(this.#directory, name), { recursive: true, force: true });
    if (this.#options.directory === undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  /** Takes a message from actor to actor, as sidecars and queues do. */
  async #follow(start: Envelope): Promise<MeshOutcome> {
    for (let envelope = start; ;) {
      const next = await this.#deliverOnce(envelope);
      if ("kind" in next) return next;
      envelope = next;
    }
  }

  /** One sidecar with one message: what it tells the gateway, and where its actor's answer goes. */
  async #deliverOnce(envelope: Envelope): Promise<Envelope | MeshOutcome> {
    const { curr: name } = envelope.route;
    const held = this.#heldBack(envelope);
    if (held !== undefined) return this.#tell({ kind: "dropped", envelope, actor: name, status: held });
    if (isExpired(envelope)) {
      return this.#fail({ kind: "failed", envelope, actor: name, error: expired(envelope), attempts: 0 });
    }
    // Before the actor is called, and so whatever it is going to say.
    if (isReported(envelope)) this.gateway.report(envelope.id, { status: "running" });
    const { answer, attempts } = await this.#call(name, withFirstAttempt(envelope));
    if ("error" in answer) return this.#fail({ kind: "failed", envelope, actor: name, error: answer.error, attempts });
    const [first, ...others] = nextEnvelopes(envelope, answer.frames);
    for (const other of others) {
      if (isReported(envelope)) this.gateway.create(other);
      const next = this.#route(envelope, other);
      if (!("kind" in next)) void this.#follow(next);
    }
    return first === undefined ? this.#sink(envelope, name) : this.#route(envelope, first);
  }

  /** What a sidecar of the newest generation learns when it asks the gateway first. */
  #heldBack(envelope: Envelope): "paused" | "canceled" | undefined {
    if (this.gateway.generation !== "newest" || !isReported(envelope)) return undefined;
    const status = this.gateway.record(envelope.id)?.status;
    return status === "paused" || status === "canceled" ? status : undefined;
  }

  async #call(name: string, envelope: Envelope): Promise<DeliveryResult> {
    const actor = this.#actors.get(name);
    if (actor === undefined) return { answer: { error: unroutable(name, this.#actors) }, attempts: 0 };
    const delivery = deliverMessage(actor, envelope, this.#policy);
    return await Promise.race([delivery, this.#closing.promise]).catch((error: unknown) => ({
      answer: { error: wireError("processing_error", error).details },
      attempts: 0,
    }));
  }

  /** Where one message of an answer goes; what came in decides whether the gateway learns of a pause. */
  #route(incoming: Envelope, outgoing: Envelope): Envelope | MeshOutcome {
    const actor = incoming.route.curr;
    const pause = outgoing.headers?.["x-asya-pause"];
    if (pause !== undefined) {
      const metadata = isJsonObject(pause) ? pause : {};
      const reported = isReported(incoming);
      if (reported) this.gateway.report(outgoing.id, { status: "paused", pauseMetadata: metadata });
      return this.#tell({ kind: "paused", envelope: outgoing, actor, metadata, reported });
    }
    return outgoing.route.curr === "" ? this.#sink(outgoing, actor) : outgoing;
  }

  /** x-sink, whose sidecar judges by what comes in there. */
  #sink(envelope: Envelope, actor: string): MeshOutcome {
    const reported = isEndReported(envelope);
    if (reported) this.gateway.report(envelope.id, { status: "succeeded", result: envelope.payload });
    return this.#tell({ kind: "finished", envelope, actor, reported });
  }

  /** A message that is given up reaches x-sink without its headers, so that nothing silences it. */
  #fail(failed: MeshFailed): MeshFailed {
    const { id, parent_id } = failed.envelope;
    if (parent_id === undefined) this.gateway.report(id, { status: "failed", error: failed.error.message });
    return this.#tell(failed);
  }

  /** Tells listeners, except of what is over without anybody's noticing. */
  #tell<Outcome extends MeshOutcome>(outcome: Outcome): Outcome {
    const told: MeshOutcome = outcome;
    if (told.kind === "paused" && told.reported) this.events.emit("paused", told);
    else if (told.kind === "finished" && isReported(told.envelope)) this.events.emit("finished", told);
    else if (told.kind === "dropped") this.events.emit("dropped", told);
    else if (told.kind === "failed") this.events.emit("failed", told);
    return outcome;
  }

  readonly #killAll = (): void => {
    for (const actor of this.#actors.values()) void actor.kill("SIGKILL");
  };
}

function expired({ id, status }: Envelope): WireError["details"] {
  const error = new Error(
    `The message ${JSON.stringify(id)} came after its deadline, ${String(status?.["deadline_at"])}.`,
  );
  return { ...wireError("processing_error", error).details, type: "Timeout", mro: ["Timeout", "Error"] };
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
