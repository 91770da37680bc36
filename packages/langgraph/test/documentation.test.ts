import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, it } from "vitest";

import { shareableStores } from "./stores-of-tests.ts";

const root = join(import.meta.dirname, "../../..");

describe.each(shareableStores("s3"))("docs/langgraph.md on $name", (store) => {
  it.skipIf(store.isMissing)("has a program that asks, is killed, and goes on in another process", async () => {
    const page = await readFile(join(root, "docs/langgraph.md"), "utf8");
    const [, code = ""] = /^```ts\n(.*?)^```$/msu.exec(page) ?? [];
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(26);
    await using place = await store.place();
    // Inside the package, so that imports are found as its users find them.
    const directory = await mkdtemp(join(import.meta.dirname, "../.examples-"));
    try {
      const file = join(directory, "refund.ts");
      await writeFile(file, code);
      const run = async (...parameters: readonly string[]) => {
        const environment = { ...process.env, CHECKPOINTS: place.url };
        const child = spawn(process.execPath, [file, ...parameters], { cwd: root, env: environment });
        const output = Promise.all([text(child.stdout), text(child.stderr)]);
        const [exitCode, signal] = await once(child, "close");
        return { ended: signal ?? exitCode, output: (await output).join("") };
      };
      expect(await run()).toEqual({ ended: "SIGKILL", output: "waits for an answer\n" });
      // Asked once more, as after a crash.
      expect(await run()).toEqual({ ended: "SIGKILL", output: "waits for an answer\n" });
      expect(await run("approve")).toEqual({ ended: 0, output: "{ amount: 5000, answer: 'approve', paid: 5000 }\n" });
      const again = await run("reject");
      expect(again.ended).toBe(1);
      expect(again.output).toContain("nothing waits for an answer");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
