import { setImmediate as turn } from "node:timers/promises";

import type { Output } from "../frame/output.ts";

// As many as a stream takes before it asks to wait.
const mostWaiting = 16 * 1024;

/**
 * Writes a listing's lines: those that come in one turn of the event loop leave together, since each write is a system
 * call, and a listing has thousands of lines.
 */
export class LineWriter {
  readonly #output: Output;
  #waiting = "";
  #leaving: Promise<void> | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** To be awaited, because that waits for a slow reader. What has become of earlier lines is known here, or in {@link end}. */
  add(line: string): Promise<void> | undefined {
    this.#waiting += line;
    if (this.#leaving === undefined) {
      this.#leaving = this.#leave();
      // Whoever waits for it is told.
      this.#leaving.catch(() => undefined);
    }
    return this.#waiting.length < mostWaiting ? undefined : this.#leaving;
  }

  /** @throws {OutputClosedError} if the reader is gone */
  async end(): Promise<void> {
    await this.#leaving;
  }

  async #leave(): Promise<void> {
    await turn();
    while (this.#waiting !== "") {
      const leaving = this.#waiting;
      this.#waiting = "";
      await this.#output.write(leaving);
    }
    this.#leaving = undefined;
  }
}
