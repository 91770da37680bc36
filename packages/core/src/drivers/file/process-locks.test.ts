import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished, vi } from "vitest";

import { ProcessLocks } from "./process-locks.ts";

/** What Deno throws: the text of SQLite's result, without its number. */
function asInDeno(): void {
  const sqlite = process.getBuiltinModule("node:sqlite");
  class DatabaseOfDeno extends sqlite.DatabaseSync {
    override exec(statement: string): void {
      try {
        super.exec(statement);
      } catch (error) {
        Reflect.deleteProperty(error as object, "errcode");
        Reflect.deleteProperty(error as object, "errstr");
        throw error;
      }
    }
  }
  vi.spyOn(process, "getBuiltinModule").mockReturnValue({ ...sqlite, DatabaseSync: DatabaseOfDeno });
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
}

async function lockFile(content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hp-locks-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "1.lock");
  await writeFile(path, content);
  return path;
}

it("waits for a lock that is held, and knows a foreign file, also by the text alone", async () => {
  asInDeno();
  const { signal } = new AbortController();
  const [first, second] = [new ProcessLocks(5_000), new ProcessLocks(5_000)];
  onTestFinished(() => {
    first.close();
    second.close();
  });
  const path = await lockFile("");
  let waiting: Promise<string> | undefined;
  const order: string[] = [];
  await first.hold(path, signal, () => {
    // It asks for the lock at once, and cannot have it before this function ends.
    waiting = second.hold(path, signal, () => {
      order.push("second");
      return "held";
    });
    order.push("first");
  });
  await expect(waiting).resolves.toBe("held");
  expect(order).toEqual(["first", "second"]);

  const foreign = await lockFile("no database, but long enough to be one ".repeat(100));
  await expect(first.hold(foreign, signal, () => undefined)).rejects.toMatchObject({
    failure: { code: "corrupt", message: expect.stringContaining("is not empty") as unknown },
  });
});
