import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe } from "vitest";

const peerDirectory = join(import.meta.dirname, "peer");
const python = "python3";

/** What the Python runtime answers to its sidecar. */
interface PythonAnswer {
  /** The text of the payload, as Python writes it; `undefined` if the handler failed. */
  readonly payload: string | undefined;
  /** The name of the Python error; `undefined` if the handler succeeded. */
  readonly error: string | undefined;
}

/** A handler of the Python peer that has begun. */
export interface PythonRun {
  readonly answer: Promise<PythonAnswer>;
  /** Resolves when the handler has written half a document, where `PEER_STALL` asks it to stop there. */
  readonly halfway: Promise<unknown>;
  /** Lets a handler that has stopped halfway go on. */
  goOn(): void;
  kill(): Promise<void>;
}

/** Starts a handler of the Python peer on one message. */
export function startPython(
  handler: "x_pause" | "x_resume" | "gateway",
  payload: string,
  environment: Readonly<Record<string, string>>,
): PythonRun {
  const child = spawn(python, [join(peerDirectory, "runtime.py"), handler], {
    env: { PATH: process.env["PATH"], PYTHONDONTWRITEBYTECODE: "1", ...environment },
  });
  const closed = once(child, "close");
  const output = text(child.stdout);
  const errorOutput = text(child.stderr);
  child.stdin.write(`${payload}\n`);
  async function answer(): Promise<PythonAnswer> {
    const [code] = (await closed) as [number | null];
    const line = (await output).trim();
    if (code === 0) return { payload: line, error: undefined };
    if (line === "") throw new Error(`The Python peer ended with ${code}: ${await errorOutput}`);
    const { details } = JSON.parse(line) as { readonly details: { readonly type: string } };
    return { payload: undefined, error: details.type };
  }
  return {
    // Only where it is asked for: a peer that is killed gives none.
    get answer() {
      return answer();
    },
    halfway: once(child.stderr, "data"),
    goOn: () => void child.stdin.write("\n"),
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Whether this machine has the peer's language. */
export const pythonIsThere = spawnSync(python, ["--version"]).status === 0;
/** What a person is told otherwise. */
export const missingPython = `There is no ${python}, so the tests with the Python actors were skipped. Install Python 3.8 or newer.`;
if (!pythonIsThere) process.stderr.write(`\n${missingPython}\n`);

/** A `describe` whose tests are skipped where there is no Python. */
export const describeWithPython = pythonIsThere ? describe : describe.skip;
