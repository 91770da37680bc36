import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { temporaryDirectory } from "./every-store.ts";

const execute = promisify(execFile);
const demo = join(import.meta.dirname, "../demo/demo.ts");

async function tell(args: readonly string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, ["--conditions=source", demo, ...args], { timeout: 120_000 });
  return stdout;
}

describe("the demo", { timeout: 150_000 }, () => {
  it("tells how a message of a mesh goes on once", async () => {
    expect(await tell(["--answer", "approved=true"])).toMatch(
      /^6\. Somebody else[^]*The task paused once and went on once/mu,
    );
  });

  it("tells how a program asks and acts once, and leaves nothing in a store of yours", async () => {
    await using directory = await temporaryDirectory();
    const told = await tell(["--holds", "--store", pathToFileURL(directory.path).href]);
    expect(told).toContain("Asked once, answered once, paid once.");
    expect(told).toContain('was answered by "ada"');
    expect(told).toContain("is in doubt");
    const book = told.slice(told.lastIndexOf("The payee's book:"));
    expect(book.match(/^ {3}\| paid 5000 for refund-/gmu)).toHaveLength(2);
    const left = await readdir(directory.path, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile() && !entry.parentPath.includes(".holdpoint"))).toEqual([]);
  });

  it("says which option it does not know", async () => {
    await expect(tell(["--hold"])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--hold") as string,
    });
  });
});
