import { setTimeout as sleep } from "node:timers/promises";

import type { Envelope } from "@holdpoint/asya";

import { resumeEnvelope, wholeSeconds } from "../../../packages/actors/src/mesh/gateway-envelope.ts";
import type { ActorAnswer, AnsweredFrame } from "../../../packages/actors/src/mesh/invoke-actor.ts";
import { ConnectionLostError, invokeActor } from "../../../packages/actors/src/mesh/invoke-actor.ts";
import { nextEnvelopes } from "../../../packages/actors/src/mesh/next-envelopes.ts";
import type { ActorName, ActorPool, Replica } from "./actor-pool.ts";
import type { Random } from "./random.ts";
import type { TaskPlan } from "./task-plan.ts";
import { digestOf, TaskRecord } from "./task-record.ts";
import type { TortureCounts } from "./torture-counts.ts";
import { countOne } from "./torture-counts.ts";

const redeliveryShare = 0.3;
const maxRedeliveries = 10;
const maxRedeliveryDelayMs = 400;
const maxThinkMs = 30;
const maxErrors = 100;
// What the ledger itself says does not change with the next connection.
const maxLedgerErrors = 4;
// Actors that never claim would ask for ever.
const maxAskedAgain = 3;
const maxBackoffMs = 500;

/** Answers that no further delivery would change. */
const finalRefusals = new Set(["AlreadyResumedError", "RepeatedResumeError"]);

/** What a task needs of its surroundings. */
export interface TaskSurroundings {
  readonly actors: ActorPool;
  readonly counts: TortureCounts;
  /** Told of every delivery, and may kill the process that it is for. */
  readonly onDelivery: (replica: Replica) => void;
  /** Told of every delivery that succeeds. */
  readonly onSuccess: () => void;
}

/** A message in the queue. */
interface QueuedMessage {
  readonly name: string;
  readonly envelope: Envelope;
  /** For an answer: the pause point that it was given at, and what equal answers are known by. */
  readonly answer?: { readonly point: number; readonly identity: string } | undefined;
}

interface TaskPayload {
  /** How many pause points lie behind. */
  readonly passed: number;
}

/**
 * One task with the queue, the gateway and the sidecars around it. Every message is delivered until it is acknowledged,
 * and then perhaps again.
 */
export class TortureTask {
  readonly plan: TaskPlan;
  readonly record = new TaskRecord();
  readonly #random: Random;
  readonly #surroundings: TaskSurroundings;
  /** Everything that was ever in the queue, without repetitions. */
  readonly #sent = new Map<string, QueuedMessage>();
  readonly #answered = new Set<number>();
  readonly #createdAtMs: number;
  #answers = 0;
  #redeliveries = 0;
  #askedAgain = 0;
  #active = 0;
  #quiet = Promise.withResolvers<void>();

  constructor(plan: TaskPlan, random: Random, surroundings: TaskSurroundings) {
    this.plan = plan;
    this.#random = random;
    this.#surroundings = surroundings;
    this.#createdAtMs = Date.now();
  }

  /** Puts the task's first message into the queue; resolves once the queue holds nothing of the task. */
  async run(): Promise<void> {
    const { id, a2aTaskId, clock, pausePoints, payloadBytes } = this.plan;
    const [curr = "", ...next] = Array.from({ length: pausePoints }, () => ["x-pause", "work"]).flat();
    const text = Array.from({ length: Math.ceil(payloadBytes / 16) }, () => this.#random.fraction().toString(36));
    this.record.note(`plan ${JSON.stringify(this.plan)}`);
    this.#start(async () => {
      await this.#deliver({
        name: "the task's message",
        envelope: {
          id,
          route: { prev: [], curr, next },
          headers: {
            traceparent: `00-${digestOf(id)}`,
            ...(a2aTaskId === undefined ? {} : { "x-asya-a2a-task-id": a2aTaskId }),
          },
          ...(clock === "gateway" ? { status: { phase: "pending", created_at: this.#gatewayTime(0) } } : {}),
          payload: {
            passed: 0,
            text: text.join(""),
            strange: "\u0000 \u2028 \u{1f600} __proto__",
          },
        },
      });
    });
    await this.#quiet.promise;
  }

  /** Delivers one message of the past once more, long after; resolves once nothing of it is left. */
  async deliverLate(): Promise<void> {
    this.#quiet = Promise.withResolvers();
    this.#start(async () => {
      this.#surroundings.counts.lateRedeliveries += 1;
      await this.#redeliver("late");
    });
    await this.#quiet.promise;
  }

  #start(work: () => Promise<void>): void {
    this.#active += 1;
    void work().then(
      () => this.#finish(),
      (error: unknown) => this.#quiet.reject(error),
    );
  }

  #finish(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#quiet.resolve();
  }

  async #redeliver(when: string): Promise<void> {
    const [first, ...others] = this.#sent.values();
    if (first === undefined) return;
    this.#surroundings.counts.redeliveries += 1;
    const message = this.#random.pick([first, ...others]);
    this.record.note(`${message.name} is in the queue once more (${when})`);
    await this.#deliver(message);
  }

  async #deliver(message: QueuedMessage): Promise<void> {
    const { actors, counts, onDelivery, onSuccess } = this.#surroundings;
    const { name, envelope } = message;
    const key = digestOf(JSON.stringify(envelope));
    if (!this.#sent.has(key)) this.#sent.set(key, message);
    for (let errors = 0; errors < maxErrors;) {
      const replica = await actors.pick(envelope.route.curr as ActorName);
      const passedBefore = this.record.passedCount;
      counts.deliveries += 1;
      this.record.note(`${name} -> ${replica.name}`);
      const sent = invoke(replica, stamped(envelope));
      onDelivery(replica);
      const answer = await sent;
      if (answer === undefined) {
        counts.killedInHand += 1;
        this.record.note(`${name} <- ${replica.name} went away`);
        await actors.revive(replica);
        continue;
      }
      if ("frames" in answer) {
        onSuccess();
        this.#acknowledge(message, answer.frames, replica, passedBefore);
        return;
      }
      const { type, message: problem } = answer.error;
      this.record.note(`${name} <- ${replica.name} ${type}: ${problem}`);
      if (problem.includes("It is unknown whether")) counts.unknown += 1;
      if (message.answer !== undefined && finalRefusals.has(type)) {
        countOne(counts.refusals, type);
        this.#onRefusal(message.answer.point, type);
        return;
      }
      countOne(counts.errors, type);
      errors += type.startsWith("Checkpoint") ? 1 : maxErrors / maxLedgerErrors;
      await sleep(Math.min(maxBackoffMs, 10 * 2 ** errors) * this.#random.fraction());
    }
    this.record.note(`${name} was given up after too many errors`);
  }

  #acknowledge(message: QueuedMessage, frames: readonly AnsweredFrame[], replica: Replica, passedBefore: number): void {
    const { name, envelope } = message;
    if (this.#redeliveries < maxRedeliveries && this.#random.chance(redeliveryShare)) {
      this.#redeliveries += 1;
      this.#start(async () => {
        await sleep(this.#random.fraction() ** 2 * maxRedeliveryDelayMs);
        await this.#redeliver("soon");
      });
    }
    const [frame] = frames;
    const [next] = nextEnvelopes(envelope, frames);
    if (frame === undefined || next === undefined) {
      this.record.note(`${name} <- ${replica.name} nothing`);
      return;
    }
    if (next.headers?.["x-asya-pause"] !== undefined) {
      this.record.note(`${name} <- ${replica.name} paused`);
      this.#onPaused(passedOf(next), passedBefore);
      return;
    }
    // What a delivery without effect ends with: x-sink consumes it.
    if (next.headers?.["x-asya-mesh-status"] === "off" && next.route.curr === "") {
      this.record.note(`${name} <- ${replica.name} acknowledged, nothing goes on`);
      return;
    }
    const passed = passedOf(next);
    const text = JSON.stringify(frame);
    const result = message.answer === undefined ? "first" : this.record.pass(passed, message.answer.identity, text);
    this.record.note(`${name} <- ${replica.name} goes on from pause point ${passed}: ${digestOf(text)} (${result})`);
    if (result === "another") this.record.note(`which is ${text.slice(0, 4000)}`);
    this.#goOn(next);
  }

  /** Hands a message to the actors between two pause points, which are in this process and never fail. */
  #goOn(envelope: Envelope): void {
    const payload = { ...(envelope.payload as object), passed: passedOf(envelope) + 1 };
    const { prev, curr, next } = envelope.route;
    const [nextCurr = "", ...rest] = next;
    if (nextCurr === "") {
      this.record.note("the task is at its end");
      this.record.end(JSON.stringify(payload));
      return;
    }
    const moved = { ...envelope, payload, route: { prev: [...prev, curr], curr: nextCurr, next: rest } };
    this.#start(
      async () => await this.#deliver({ name: `the message for pause point ${payload.passed}`, envelope: moved }),
    );
  }

  /** The gateway learns that the task waits, and asks a person. */
  #onPaused(point: number, passedBefore: number): void {
    if (!this.#answered.has(point)) {
      this.#answered.add(point);
      this.#answer(point, this.#random.integer(0, maxThinkMs), this.plan.answerId);
      const second = this.plan.secondClicks[point];
      if (second === undefined) return;
      this.#surroundings.counts.secondClicks += 1;
      this.#answer(point, second.delayMs, second.sameId ? this.plan.answerId : "fresh", "changed my mind");
      return;
    }
    // Reported by a delivery that began after the task had gone on from here.
    if (passedBefore > point && this.#askedAgain < maxAskedAgain) {
      this.#askedAgain += 1;
      this.#surroundings.counts.askedAgain += 1;
      this.record.note(`the person is asked again at pause point ${point}`);
      this.#answer(point, 0, "fresh", "asked again");
    }
  }

  #onRefusal(point: number, type: string): void {
    if (type !== "RepeatedResumeError" || this.record.hasPassed(point)) return;
    // As the message says: a new answer under a new id.
    this.#answer(point, 0, "fresh", "once more");
  }

  #answer(point: number, delayMs: number, idStyle: TaskPlan["answerId"], remark?: string): void {
    const { id, calledBy, clock, keepsHeaders, hasBudget, repeatsContent } = this.plan;
    this.#answers += 1;
    const number = this.#answers;
    const input = {
      approved: true,
      ...(repeatsContent ? {} : { at: point }),
      ...(remark === undefined ? {} : { remark }),
    };
    const { status: _status, ...resume } = resumeEnvelope(calledBy, input, {
      idStyle,
      ...(hasBudget ? { timeoutSeconds: 3600.5 - number } : {}),
    });
    const envelope: Envelope = {
      ...resume,
      ...(idStyle === "fresh" ? { id: `${id}-answer-${number}` } : {}),
      // An answer whose id does not name the task could not be found without them.
      headers: keepsHeaders || idStyle === "fresh" ? (resume.headers ?? {}) : {},
      ...(clock === "gateway" ? { status: { phase: "pending", created_at: this.#gatewayTime(number) } } : {}),
    };
    const identity = digestOf(JSON.stringify([envelope.id, input]));
    this.#start(async () => {
      await sleep(delayMs);
      this.record.answer(identity);
      await this.#deliver({ name: `answer ${number}`, envelope, answer: { point, identity } });
    });
  }

  /** Whole seconds, in which no two messages of one task are equal: people need as long. */
  #gatewayTime(number: number): string {
    return wholeSeconds(new Date(this.#createdAtMs + number * 1000));
  }
}

/** `undefined` if the actor went away before it had answered. */
async function invoke(replica: Replica, envelope: Envelope): Promise<ActorAnswer | undefined> {
  try {
    return await invokeActor(replica.socketPath, envelope);
  } catch (error) {
    if (error instanceof ConnectionLostError) return undefined;
    throw error;
  }
}

/** A message without a time gets one from the sidecar, another at each delivery. */
function stamped(envelope: Envelope): Envelope {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000 + 1 + (Date.now() % 999)).toISOString();
  return { ...envelope, status: { created_at: now, ...envelope.status, phase: "processing", updated_at: now } };
}

function passedOf(envelope: Envelope): number {
  return (envelope.payload as TaskPayload).passed;
}
