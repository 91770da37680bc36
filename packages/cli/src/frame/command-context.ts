import type { ExitCode } from "./exit-code.ts";
import { exitCodes } from "./exit-code.ts";
import { Output } from "./output.ts";

/** What a command works with, besides its arguments. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where data goes. */
  readonly output: Output;
  /** Where everything goes that is not data: progress, questions, warnings. */
  readonly messages: Output;
  /** Whether somebody sits at a terminal who can be asked. */
  readonly interactive: boolean;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit code that the signal stands for which ended the command. @default undefined */
  readonly interruption: ExitCode | undefined;
  /** The exit code of a command that returns. @default 0 */
  exitCode: ExitCode;
  /** What the parser of the command line says of it, which may repeat what was typed. Shown at the end. */
  readonly usage: string[];
  /** A text without any password that is among the arguments or the variables that stores read, however it was typed. */
  redact(text: string): Promise<string>;
  /** Does something that must not be left half done: a Ctrl-C waits for its end, and does not count then. */
  finish<Result>(work: () => Promise<Result>): Promise<Result>;
}

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;
// What is left to do after a Ctrl-C is to close connections; a server that does not answer must not hold a person up.
const closingMs = 2_000;

/** The context of this process, and what becomes of its signals. */
export class ProcessContext implements CommandContext {
  readonly environment = process.env;
  readonly output: Output = new Output(process.stdout);
  readonly messages: Output = new Output(process.stderr);
  readonly usage: string[] = [];
  exitCode: ExitCode = exitCodes.ok;
  interruption: ExitCode | undefined;
  #finishing = 0;
  readonly #controller = new AbortController();
  readonly #parameters: readonly string[];

  /** @param parameters what was typed after the program's name */
  constructor(parameters: readonly string[] = []) {
    this.#parameters = parameters;
    for (const [name, exitCode] of Object.entries(signals)) process.on(name, () => this.#interrupt(exitCode));
  }

  get interactive(): boolean {
    return process.stdin.isTTY && this.messages.isTerminal;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async redact(text: string): Promise<string> {
    // Loaded when it is needed: a small command takes no longer than what it loads.
    const [{ storeValuesOf }, { redactCredentials }] = await Promise.all([
      import("@holdpoint/actors"),
      import("@holdpoint/core"),
    ]);
    return redactCredentials(text, [...this.#parameters, ...storeValuesOf(this.environment)]);
  }

  async finish<Result>(work: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    this.#finishing += 1;
    try {
      return await work();
    } finally {
      this.#finishing -= 1;
    }
  }

  #interrupt(exitCode: ExitCode): void {
    // The second time, whoever asks means it.
    if (this.interruption !== undefined) process.exit(exitCode);
    this.interruption = exitCode;
    if (this.#finishing > 0) return;
    this.#controller.abort();
    setTimeout(() => process.exit(exitCode), closingMs).unref();
  }
}
