import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { testProgram } from "@holdpoint/test-servers";

const python = testProgram("python3");

/** Whether Python could not be had. */
export const pythonIsMissing = python === undefined;

const program = fileURLToPath(new URL("state_files.py", import.meta.url));

/** What a call came to in Python. */
interface PythonOutcome {
  readonly result?: unknown;
  readonly raised?: string;
  readonly errno?: string | null;
  readonly message?: string;
}

/** An exception of Python, by its class and the name of its number. */
export class PythonError extends Error {
  readonly raised: string;
  readonly errno: string | undefined;

  constructor({ raised = "", errno, message = "" }: PythonOutcome) {
    super(message);
    this.raised = raised;
    this.errno = errno ?? undefined;
  }
}

/** The files of a mount, as a Python actor sees them. Calls of one of these come one after the other. */
export class PythonMount implements AsyncDisposable {
  readonly #socketPath: string;
  readonly #child = spawn(python ?? "python3", ["-u", program], { stdio: ["pipe", "pipe", "inherit"] });
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async read(key: string): Promise<Buffer> {
    return Buffer.from(((await this.#call("read", key)) as { readonly base64: string }).base64, "base64");
  }

  async write(key: string, data: string | Uint8Array, exclusive = false): Promise<void> {
    await this.#call("write", key, bytes(data), exclusive);
  }

  async writeThrough(key: string, chunks: readonly (string | Uint8Array)[], exclusive = false): Promise<void> {
    await this.#call("write_through", key, chunks.map(bytes), exclusive);
  }

  async stat(key: string): Promise<{ readonly size: number; readonly isFile: boolean }> {
    return (await this.#call("stat", key)) as { readonly size: number; readonly isFile: boolean };
  }

  async listdir(directory: string): Promise<readonly string[]> {
    return (await this.#call("listdir", directory)) as readonly string[];
  }

  async remove(key: string): Promise<void> {
    await this.#call("remove", key);
  }

  async listxattr(key: string): Promise<readonly string[]> {
    return (await this.#call("listxattr", key)) as readonly string[];
  }

  async getxattr(key: string, name: string): Promise<string> {
    return (await this.#call("getxattr", key, name)) as string;
  }

  async setxattr(key: string, name: string, value: string): Promise<void> {
    await this.#call("setxattr", key, name, value);
  }

  /** Increments a number in a file so many times, by reading it and writing the next one. */
  async increment(key: string, times: number): Promise<{ readonly written: number; readonly conflicts: number }> {
    return (await this.#call("increment", key, times)) as { readonly written: number; readonly conflicts: number };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.stdin.end();
    await closed;
  }

  async #call(call: string, ...parameters: readonly unknown[]): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify({ socket: this.#socketPath, call, arguments: parameters })}\n`);
    const { value } = await this.#lines.next();
    const outcome = JSON.parse(String(value)) as PythonOutcome;
    if (outcome.raised !== undefined) throw new PythonError(outcome);
    return outcome.result;
  }
}

function bytes(data: string | Uint8Array): { readonly base64: string } {
  return { base64: Buffer.from(data).toString("base64") };
}
