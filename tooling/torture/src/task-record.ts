import { createHash } from "node:crypto";

import { Story } from "./story.ts";

/** What came out of the actors for one task, and the story that led there. */
export class TaskRecord {
  /** By pause point, from 0: the digests of the messages that x-resume let go on. */
  readonly #passed = new Map<number, Set<string>>();
  /** By id and content of answers: those given that have not left a pause point yet. */
  readonly #unused = new Map<string, number>();
  /** Pause points that were left without an answer of their own. */
  #usedTwice = 0;
  readonly #ends = new Set<string>();
  readonly #story = new Story();

  /** Notes that a person has answered; equal answers have the same name. */
  answer(answer: string): void {
    this.#unused.set(answer, (this.#unused.get(answer) ?? 0) + 1);
  }

  /** Notes that x-resume handed a message on, and says what that is to its pause point. */
  pass(
    pausePoint: number,
    answer: string,
    message: string,
  ): "first" | "first, by an answer that was used up" | "same" | "another" {
    const digests = this.#passed.get(pausePoint);
    const digest = digestOf(message);
    this.#passed.set(pausePoint, (digests ?? new Set()).add(digest));
    if (digests === undefined) {
      // Equal answers cannot be told apart, and need not be; but so many of them may leave so many pause points.
      const left = (this.#unused.get(answer) ?? 0) - 1;
      if (left >= 0) {
        this.#unused.set(answer, left);
        return "first";
      }
      this.#usedTwice += 1;
      return "first, by an answer that was used up";
    }
    return digests.size === 1 ? "same" : "another";
  }

  hasPassed(pausePoint: number): boolean {
    return this.#passed.has(pausePoint);
  }

  get passedCount(): number {
    return this.#passed.size;
  }

  /** Notes that a message came to the end of the task's route. */
  end(payload: string): void {
    this.#ends.add(digestOf(payload));
  }

  get hasEnded(): boolean {
    return this.#ends.size > 0;
  }

  /** How many pause points let two messages go on, or were left by an answer that had left another. */
  get doubled(): number {
    const twoMessages = [...this.#passed.values()].filter((digests) => digests.size > 1).length;
    const twoEnds = this.#ends.size > 1 ? 1 : 0;
    return twoMessages + this.#usedTwice || twoEnds;
  }

  /** Adds a line to the task's story. */
  note(event: string): void {
    this.#story.note(event);
  }

  /** Everything that was noted, in order. */
  get story(): string {
    return this.#story.text;
  }
}

/** A short name of a text; equal texts have equal ones. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
