import { styleText } from "node:util";

/** Whoever reads what a command writes is gone, as in `holdpoint ls | head`. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

// As often as an eye can follow.
const progressIntervalMs = 100;

/** Standard output or standard error: waits for a slow reader, and has colours only on a terminal. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  #hasColours: boolean | undefined;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // A write that fails rejects; without a listener the event would end the process as well.
    stream.on("error", () => undefined);
  }

  get stream(): NodeJS.WriteStream {
    return this.#stream;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  /** The terminal's width in columns; `undefined` where there is none. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#stream.columns : undefined;
  }

  /** Colours of `util.styleText`; none where there is no terminal, or the environment wants none (`NO_COLOR`). */
  style(format: Parameters<typeof styleText>[0], text: string): string {
    // Asked once: a listing has three texts on each of its lines.
    this.#hasColours ??= styleText("red", "?", { stream: this.#stream }) !== "?";
    return this.#hasColours ? styleText(format, text, { validateStream: false }) : text;
  }

  /** @throws {OutputClosedError} if the reader is gone */
  write(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (error === undefined || error === null) resolve();
        else if ((error as NodeJS.ErrnoException).code === "EPIPE") reject(new OutputClosedError(error.message));
        else reject(error);
      });
    });
  }

  /** Writes what is not worth failing for. */
  async tell(text: string): Promise<void> {
    try {
      await this.write(text);
    } catch {
      // Nobody is listening.
    }
  }

  /**
   * A line that replaces the one before it, on a terminal; nothing elsewhere. `""` clears it. May be called at any rate,
   * and never fails.
   */
  async progress(text: string): Promise<void> {
    if (!this.isTerminal) return;
    const now = performance.now();
    if (text !== "" && now - this.#progressAt < progressIntervalMs) return;
    this.#progressAt = now;
    await this.tell(`\r\u001B[2K${text.slice(0, (this.columns || 80) - 1)}`);
  }
}
