import { spawn } from "node:child_process";

import type { Workplace } from "./run-cli.ts";
import { executable, NODE_COMPILE_CACHE } from "./run-cli.ts";

/** A command that runs on a pseudo terminal. */
export interface Terminal {
  /** Everything shown so far, as it was sent to the terminal. */
  readonly shown: () => string;
  /** Resolves once the terminal shows something after what was waited for before. */
  waitFor(part: string | RegExp): Promise<void>;
  /** Resolves once a question waits for its answer. */
  waitForPrompt(question: string): Promise<void>;
  type(keys: string): void;
  readonly exitCode: Promise<number | null>;
}

export const keys = { enter: "\r", ctrlC: "\u0003", down: "\u001B[B", yes: "y" } as const;

/** Runs `holdpoint` on a pseudo terminal, which util-linux's script(1) makes. */
export function runInTerminal(
  workplace: Workplace,
  parameters: readonly string[],
  { redirect = "", columns = 120 }: { readonly redirect?: string; readonly columns?: number } = {},
): Terminal {
  const command = [process.execPath, executable, ...parameters].map((each) => `'${each.replaceAll("'", "'\\''")}'`);
  // A new pseudo terminal has no size.
  const line = `stty cols ${columns} rows 40; exec ${command.join(" ")} ${redirect}`;
  const { CI: _ci, NO_COLOR: _noColor, ...environment } = process.env;
  const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    env: { ...environment, NODE_COMPILE_CACHE, ...workplace.environment, TERM: "xterm", SHELL: "/bin/sh" },
  });
  let shown = "";
  let waitedFor = 0;
  let look: (() => void) | undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    shown += chunk;
    look?.();
  });
  const { promise: exitCode, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", (code) => {
    resolve(code);
    look?.();
  });
  const waitFor = async (part: string | RegExp): Promise<void> => {
    const found = Promise.withResolvers<void>();
    look = () => {
      const rest = shown.slice(waitedFor);
      const match = typeof part === "string" ? rest.indexOf(part) : rest.search(part);
      if (match !== -1) {
        waitedFor += match + 1;
        found.resolve();
      } else if (child.exitCode !== null) found.reject(new Error(`ended without showing ${String(part)}:\n${rest}`));
    };
    look();
    await found.promise;
  };
  return {
    shown: () => shown,
    exitCode,
    type: (typed) => void child.stdin.write(typed),
    waitFor,
    // clack marks the question that waits; the same words may have been shown before it.
    waitForPrompt: async (question) =>
      await waitFor(new RegExp(`◆[^\\n]*${question.replaceAll(/[?()]/gu, String.raw`\$&`)}`, "u")),
  };
}
