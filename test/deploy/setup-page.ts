import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

import { repository } from "./image-tree.ts";

/** Reads the setup page. */
export async function readSetupPage(): Promise<string> {
  return await readFile(join(repository, "docs/setup.md"), "utf8");
}

/** What the page's commands printed. */
export interface PageRun {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs the commands that the page marks as such in one shell, in order: those marked `sh run` must end well, those
 * marked `sh run fails` must not.
 */
export async function runSetupPage(page: string, replacements: Readonly<Record<string, string>>): Promise<PageRun> {
  const blocks = Array.from(page.matchAll(/^```sh run( fails)?\n(.*?)^```$/gmsu), ([, fails, commands = ""]) =>
    fails === undefined ? commands : `if (${commands.trim()}); then echo "This should have failed." && exit 1; fi\n`,
  );
  const script = Object.entries(replacements).reduce(
    (commands, [from, to]) => commands.replaceAll(from, to),
    `set -e\n${blocks.join("")}`,
  );
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const shell = spawn("bash", ["-c", script], {
    cwd: repository,
    env: { ...environment, PATH: `${dirname(process.execPath)}:${environment["PATH"] ?? ""}` },
    // A process group of its own, so that what the page leaves running can be ended.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { promise, resolve } = Promise.withResolvers<number | null>();
  shell.once("exit", (code) => {
    try {
      process.kill(-(shell.pid ?? 0));
    } catch (error) {
      // Nothing was left.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    resolve(code);
  });
  const [code, ...parts] = await Promise.all([promise, text(shell.stdout), text(shell.stderr)]);
  return { code, output: parts.join("") };
}
