import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";

import { afterAll, describe, expect, test } from "vitest";

import { createFileStore } from "./file-store.ts";

const root = mkdtempSync(join(tmpdir(), "holdpoint-file-processes-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Child = ChildProcessByStdio<null, Readable, null>;

/** Runs a script in a process of its own, with `store`, `directory` and `say` (one line to standard output, at once). */
function run(script: string, directory: string, command: readonly string[] = []): Child {
  const module = `
    import { writeSync } from "node:fs";
    const { createFileStore } = await import(${JSON.stringify(new URL("file-store.ts", import.meta.url).href)});
    const directory = ${JSON.stringify(directory)};
    const say = (value) => writeSync(1, JSON.stringify(value) + "\\n");
    ${script}
  `;
  const node = [process.execPath, "--conditions=source", "--input-type=module", "--eval", module];
  const [program, ...parameters] = [...command, ...node];
  return spawn(program ?? process.execPath, parameters, { stdio: ["ignore", "pipe", "inherit"] });
}

async function linesOf(child: Child): Promise<unknown[]> {
  const lines = createInterface({ input: child.stdout });
  return await Array.fromAsync(lines, (line) => JSON.parse(line) as unknown);
}

function newDirectory(): string {
  return mkdtempSync(join(root, "state-"));
}

test("eight processes that count with conditional writes lose no count", async () => {
  const directory = newDirectory();
  await using store = await createFileStore({ directory });
  await store.put("count.json", new TextEncoder().encode("0"));
  const counter = `
    const store = await createFileStore({ directory });
    for (let counted = 0; counted < 10; ) {
      const { body, version } = await store.get("count.json");
      const next = new TextEncoder().encode(String(Number(new TextDecoder().decode(body)) + 1));
      try {
        await store.put("count.json", next, { ifVersion: version });
        counted += 1;
      } catch (error) {
        if (error.code !== "conflict") throw error;
      }
    }
    say("done");
  `;
  const done = await Promise.all(Array.from({ length: 8 }, () => linesOf(run(counter, directory))));
  expect(done.flat()).toEqual(Array.from({ length: 8 }, () => "done"));
  expect(readFileSync(join(directory, "count.json"), "utf8")).toBe("80");
});

test("two threads of one process keep each other out as well", async () => {
  const directory = newDirectory();
  const threads = `
    import { Worker, isMainThread } from "node:worker_threads";
    const count = async () => {
      await using store = await createFileStore({ directory });
      for (let counted = 0; counted < 20; ) {
        const { body, version } = await store.get("count.json");
        const next = new TextEncoder().encode(String(Number(new TextDecoder().decode(body)) + 1));
        try {
          await store.put("count.json", next, { ifVersion: version });
          counted += 1;
        } catch (error) {
          if (error.code !== "conflict") throw error;
        }
      }
    };
    const store = await createFileStore({ directory });
    await store.put("count.json", new TextEncoder().encode("0"));
    const source = "import { workerData } from 'node:worker_threads';" +
      "const { createFileStore } = await import(workerData.module); const { directory } = workerData;" +
      "await (" + count + ")();";
    const url = new URL("data:text/javascript," + encodeURIComponent(source));
    const workerData = { module: ${JSON.stringify(new URL("file-store.ts", import.meta.url).href)}, directory };
    const workers = [new Worker(url, { workerData }), new Worker(url, { workerData })];
    await Promise.all(workers.map((worker) => new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject))));
    say(new TextDecoder().decode((await store.get("count.json")).body));
  `;
  expect(await linesOf(run(threads, directory))).toEqual(["40"]);
});

test("writers that are killed at any moment lose nothing that they were told is stored, and leave no half document", async () => {
  const directory = newDirectory();
  const path = join(directory, "paused", "task.json");
  await using store = await createFileStore({ directory });
  await store.put("paused/task.json", new TextEncoder().encode('{"writes":0,"padding":""}'));
  const writer = `
    const store = await createFileStore({ directory });
    for (;;) {
      const { body, version } = await store.get("paused/task.json");
      const writes = JSON.parse(new TextDecoder().decode(body)).writes + 1;
      const text = JSON.stringify({ writes, padding: "x".repeat(Math.floor(Math.random() * 100_000)) });
      try {
        await store.put("paused/task.json", new TextEncoder().encode(text), { ifVersion: version });
        say(writes);
      } catch (error) {
        if (error.code !== "conflict") throw error;
      }
    }
  `;
  const readPlainFile = (): number => (JSON.parse(readFileSync(path, "utf8")) as { readonly writes: number }).writes;
  for (let round = 0; round < 5; round += 1) {
    const children = [run(writer, directory), run(writer, directory), run(writer, directory)];
    const lines = Promise.all(children.map(linesOf));
    const exits = Promise.all(children.map((child) => once(child, "exit")));
    await Promise.all(children.map((child) => once(child.stdout, "readable")));
    for (const child of children) {
      const killAt = performance.now() + Math.random() * 10;
      while (performance.now() < killAt) {
        readPlainFile();
        await nextTurn();
      }
      child.kill("SIGKILL");
    }
    await exits;
    const acknowledged = (await lines).flat() as number[];
    const stored = readPlainFile();
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(stored).toBeGreaterThanOrEqual(Math.max(...acknowledged));
    // Each may have been killed between storing its last value and saying so.
    expect(stored).toBeLessThanOrEqual(Math.max(...acknowledged) + children.length);
    // Would fail if anything that they held were held still.
    const current = await store.get("paused/task.json");
    await store.put("paused/task.json", current?.body ?? new Uint8Array(), { ifVersion: current?.version });
  }
  expect(readdirSync(join(directory, "paused"))).toEqual(["task.json"]);
});

// In a mount namespace of its own, so that nothing stays mounted whatever happens to the test.
const unshare = "unshare";
const namespace = ["--map-root-user", "--mount"];
const mountable = await canMount();

async function canMount(): Promise<boolean> {
  const child = spawn(unshare, [...namespace, "mount", "-t", "tmpfs", "tmpfs", root], { stdio: "ignore" });
  try {
    const [code] = await once(child, "exit");
    return code === 0;
  } catch {
    return false;
  }
}

function onMount(mount: string): readonly string[] {
  return [unshare, ...namespace, "sh", "-c", `${mount} && exec "$@"`, "sh"];
}

// Skipped where the operating system does not let this user mount anything.
describe.skipIf(!mountable)("a volume of its own", () => {
  const attempt = `
    const outcomeOf = (promise) => promise.then(
      () => "done",
      ({ code, outcome, message }) => ({ code, outcome, message }),
    );
  `;

  test("that is full is an error that says so, changes nothing, and can be cleared by deleting", async () => {
    const directory = newDirectory();
    const script = `
      ${attempt}
      const store = await createFileStore({ directory });
      const small = new TextEncoder().encode("{}");
      const { version } = await store.put("a.json", small);
      await store.put("b.json", new Uint8Array(150_000));
      say(await outcomeOf(store.put("a.json", new Uint8Array(200_000), { ifVersion: version })));
      say(new TextDecoder().decode((await store.get("a.json")).body));
      say(await store.delete("b.json"));
      say(await outcomeOf(store.put("a.json", new Uint8Array(200_000), { ifVersion: version })));
    `;
    const mount = onMount(`mount -t tmpfs -o size=256k tmpfs ${directory}`);
    expect(await linesOf(run(script, directory, mount))).toEqual([
      {
        code: "unavailable",
        outcome: "not-applied",
        message: expect.stringMatching(/disk is full.*ENOSPC.*Free space/u),
      },
      "{}",
      true,
      "done",
    ]);
  });

  test("that is read-only is an error that says so", async () => {
    const directory = newDirectory();
    await (await createFileStore({ directory })).close();
    const script = `${attempt} say(await outcomeOf(createFileStore({ directory })));`;
    const mount = onMount(`mount --bind ${directory} ${directory} && mount -o remount,bind,ro ${directory}`);
    expect(await linesOf(run(script, directory, mount))).toEqual([
      {
        code: "permission-denied",
        message: expect.stringMatching(/mounted read-only.*EROFS.*for reading and writing/u),
      },
    ]);
  });

  test("in the place of a directory inside is an error that says so", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    await store.put("paused/task.json", new TextEncoder().encode("{}"));
    const script = `
      ${attempt}
      const store = await createFileStore({ directory });
      say(await outcomeOf(store.put("paused/other.json", new Uint8Array(), { ifAbsent: true })));
    `;
    const mount = onMount(`mount -t tmpfs tmpfs ${directory}/paused`);
    expect(await linesOf(run(script, directory, mount))).toEqual([
      { code: "unsupported", outcome: "not-applied", message: expect.stringMatching(/EXDEV.*Mount one volume/u) },
    ]);
  });
});
