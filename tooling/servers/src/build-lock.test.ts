import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { withBuildLock } from "./build-lock.ts";

test("two builds never run at once, and the one that waits says so", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-test-"));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  const lockFile = join(directory, "build.lock");
  const events: string[] = [];
  const waiting = Promise.withResolvers<void>();
  const first = withBuildLock(
    lockFile,
    () => {},
    async () => {
      events.push("first begins");
      await waiting.promise;
      events.push("first ends");
    },
  );
  const second = withBuildLock(
    lockFile,
    () => waiting.resolve(),
    async () => void events.push("second begins"),
  );
  await Promise.all([first, second]);
  expect(events).toEqual(["first begins", "first ends", "second begins"]);
});

test("a build that fails lets the next one begin", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-test-"));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  const lockFile = join(directory, "build.lock");
  const failing = withBuildLock(
    lockFile,
    () => {},
    async () => await Promise.reject(new Error("no compiler")),
  );
  await expect(failing).rejects.toThrow("no compiler");
  await expect(
    withBuildLock(
      lockFile,
      () => {},
      async () => "built",
    ),
  ).resolves.toBe("built");
});
