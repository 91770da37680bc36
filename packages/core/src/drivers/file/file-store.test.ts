import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterAll, describe, expect, test } from "vitest";

import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { openStore } from "../../store/open-store.ts";
import { createFileStore, fileBackend } from "./file-store.ts";
import { publishValue } from "./publish-value.ts";
import { TemporaryFile } from "./temporary-file.ts";

const root = mkdtempSync(join(tmpdir(), "holdpoint-file-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const signal = new AbortController().signal;
const key = "paused/task-1.json";

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(body: Uint8Array | undefined): string {
  return new TextDecoder().decode(body);
}

function newDirectory(): string {
  return mkdtempSync(join(root, "state-"));
}

async function keysOf(store: CheckpointStore, prefix?: string): Promise<string[]> {
  const entries = await Array.fromAsync(store.list({ prefix }));
  return entries.map((entry) => entry.key).toSorted();
}

describe("beside other programs", () => {
  test("a value is the plain file of its key, and holds the body and nothing else", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    await store.put(key, bytes('{"id":"task-1"}'), { ifAbsent: true });
    expect(readFileSync(join(directory, key), "utf8")).toBe('{"id":"task-1"}');
    expect(readdirSync(directory).toSorted()).toEqual([".holdpoint", "paused"]);
    expect(readdirSync(join(directory, ".holdpoint", "tmp"))).toEqual([]);
  });

  test("a file that somebody else wrote is the current value", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    mkdirSync(join(directory, "paused"));
    writeFileSync(join(directory, key), "theirs");
    const found = await store.get(key);
    expect(text(found?.body)).toBe("theirs");
    await expect(store.put(key, bytes("ours"), { ifAbsent: true })).rejects.toMatchObject({ code: "conflict" });
    await store.put(key, bytes("ours"), { ifVersion: found?.version });
    expect(readFileSync(join(directory, key), "utf8")).toBe("ours");
    rmSync(join(directory, key));
    expect(await store.get(key)).toBeNull();
  });

  test.for([
    ["writes in place, at the same length,", (path: string) => writeFileSync(path, "other")],
    ["writes longer in place", (path: string) => writeFileSync(path, "a longer one")],
    ["truncates", (path: string) => writeFileSync(path, "")],
    [
      "replaces with a file of the same length and time",
      (path: string) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(`${path}.new`, "other");
        utimesSync(`${path}.new`, atime, mtime);
        renameSync(`${path}.new`, path);
      },
    ],
    ["removes", (path: string) => rmSync(path)],
    [
      "removes and writes anew",
      (path: string) => {
        rmSync(path);
        writeFileSync(path, "other");
      },
    ],
  ] as const)(
    "a program that %s the file between a read and a write makes the write a conflict",
    async ([, change]) => {
      const directory = newDirectory();
      await using store = await createFileStore({ directory });
      const { version } = await store.put(key, bytes("value"));
      change(join(directory, key));
      const before = existsSync(join(directory, key)) ? readFileSync(join(directory, key), "utf8") : undefined;
      const conflict = { code: "conflict", outcome: "not-applied" };
      await expect(store.put(key, bytes("ours!"), { ifVersion: version })).rejects.toMatchObject(conflict);
      const after = existsSync(join(directory, key)) ? readFileSync(join(directory, key), "utf8") : undefined;
      expect(after).toBe(before);
    },
  );

  test("a conditional delete spares what somebody else wrote", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    const { version } = await store.put(key, bytes("value"));
    writeFileSync(join(directory, key), "other");
    await expect(store.delete(key, { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
    expect(readFileSync(join(directory, key), "utf8")).toBe("other");
  });

  test("files that are no key's are neither listed nor touched", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    await store.put(key, bytes("{}"));
    writeFileSync(join(directory, "README"), "");
    writeFileSync(join(directory, "paused", ".nfs0001.json"), "");
    writeFileSync(join(directory, "paused", "%41.json"), "");
    mkdirSync(join(directory, "paused", "a.json"));
    symlinkSync("/etc/passwd", join(directory, "paused", "link.json"));
    expect(await keysOf(store)).toEqual([key]);
    expect(await keysOf(store, ".holdpoint")).toEqual([]);
  });

  test.for([
    ["a directory", (path: string) => mkdirSync(path)],
    ["a symbolic link", (path: string) => symlinkSync("/etc/passwd", path)],
  ] as const)("%s in a value's place is an error of its own", async ([, make]) => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    make(join(directory, "a.json"));
    const error = { code: "corrupt", message: expect.stringContaining(`${directory}/a.json is not a regular file`) };
    await expect(store.get("a.json")).rejects.toMatchObject(error);
    await expect(store.put("a.json", bytes("x"), { ifAbsent: true })).rejects.toMatchObject(error);
    await expect(store.delete("a.json")).rejects.toMatchObject(error);
  });

  test("a file in the place of a directory is an error of its own", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    writeFileSync(join(directory, "paused"), "");
    await expect(store.get(key)).rejects.toMatchObject({ code: "corrupt" });
    await expect(store.put(key, bytes("x"))).rejects.toMatchObject({ code: "corrupt", outcome: "not-applied" });
  });
});

describe("versions", () => {
  test("no two writes share one, whatever the bytes, the inode or the clock", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    const versions = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      versions.add((await store.put(key, bytes("same"))).version);
      if (round % 3 === 0) await store.delete(key);
    }
    expect(versions.size).toBe(50);
  });

  test("a write is later than every write before it, also when the clock was set back", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    await store.put(key, bytes("same"));
    const future = new Date(Date.now() + 86_400_000);
    const locks = join(directory, ".holdpoint", "locks");
    for (const name of readdirSync(locks)) utimesSync(join(locks, name), future, future);
    const { version } = await store.put(key, bytes("same"));
    const { mtime } = statSync(join(directory, key));
    expect(mtime.getTime()).toBeGreaterThanOrEqual(future.getTime());
    expect((await store.get(key))?.version).toBe(version);
    expect((await store.put(key, bytes("same"), { ifVersion: version })).version).not.toBe(version);
  });
});

// Over NFS a request whose answer was lost is sent again by the kernel and meets what it has done itself.
describe("a repeated request", () => {
  async function prepare(): Promise<{
    directory: string;
    place: { target: string; lockPath: string };
    temporary: string;
  }> {
    const directory = newDirectory();
    await (await createFileStore({ directory })).close();
    const locks = join(directory, ".holdpoint", "locks");
    const lockPath = join(locks, readdirSync(locks)[0] ?? "");
    return {
      directory,
      place: { target: join(directory, "a.json"), lockPath },
      temporary: join(directory, ".holdpoint", "tmp"),
    };
  }

  test("of link that finds its own file has succeeded", async () => {
    const { place, temporary } = await prepare();
    await using file = await TemporaryFile.create(temporary, bytes("ours"), signal);
    linkSync(file.path, place.target);
    publishValue(file, { kind: "absent" }, place);
    expect(readFileSync(place.target, "utf8")).toBe("ours");
  });

  test("of link that finds another's file is a conflict", async () => {
    const { place, temporary } = await prepare();
    await using file = await TemporaryFile.create(temporary, bytes("ours"), signal);
    writeFileSync(place.target, "theirs");
    expect(() => publishValue(file, { kind: "absent" }, place)).toThrow("the precondition does not hold");
  });

  test("of rename that has moved its file has succeeded", async () => {
    const { place, temporary } = await prepare();
    await using file = await TemporaryFile.create(temporary, bytes("ours"), signal);
    renameSync(file.path, place.target);
    publishValue(file, { kind: "any" }, place);
    expect(readFileSync(place.target, "utf8")).toBe("ours");
  });

  test("of rename whose file is gone for another reason is in doubt", async () => {
    const { place, temporary } = await prepare();
    await using file = await TemporaryFile.create(temporary, bytes("ours"), signal);
    rmSync(file.path);
    expect(() => publishValue(file, { kind: "any" }, place)).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ outcome: "unknown" }) }),
    );
  });
});

describe("keys", () => {
  const strange = [
    "a",
    "a/b",
    "a.json",
    "a.json/b.json",
    "",
    "/",
    "//x",
    "..",
    "../a",
    "./.",
    "é",
    "e\u0301",
    "A",
    "\0",
    "%",
    "x%=",
    "\\",
    `${"y".repeat(500)}/z`,
  ].filter((name) => name !== "");

  test.for([undefined, '{"layout":1,"names":"portable"}\n'])(
    "each has a value of its own (layout: %j)",
    async (layout) => {
      const directory = newDirectory();
      if (layout !== undefined) {
        mkdirSync(join(directory, ".holdpoint"));
        writeFileSync(join(directory, ".holdpoint", "layout.json"), layout);
      }
      await using store = await createFileStore({ directory });
      for (const name of strange) await store.put(name, bytes(name), { ifAbsent: true });
      for (const name of strange) expect(text((await store.get(name))?.body)).toBe(name);
      expect(await keysOf(store)).toEqual(strange.toSorted());
      for (const prefix of ["a", "a/", ".", "../", "/", "y".repeat(300), "é", "x%"]) {
        expect(await keysOf(store, prefix)).toEqual(strange.filter((name) => name.startsWith(prefix)).toSorted());
      }
      for (const name of strange) expect(await store.delete(name)).toBe(true);
      expect(await keysOf(store)).toEqual([]);
      expect(readdirSync(root).every((name) => name.startsWith("state-"))).toBe(true);
    },
  );

  test("a layout of a later version is refused", async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, ".holdpoint"));
    writeFileSync(join(directory, ".holdpoint", "layout.json"), '{"layout":2}\n');
    await expect(createFileStore({ directory })).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("locks", () => {
  test("one that another holds too long is an error that says so, and the value is untouched", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory, attemptTimeoutMs: 500, maxAttempts: 2 });
    await store.put(key, bytes("before"));
    const locks = join(directory, ".holdpoint", "locks");
    const holders = Array.from({ length: 16 }, (_, index) => new DatabaseSync(join(locks, `${index}.lock`)));
    for (const holder of holders) holder.exec("BEGIN IMMEDIATE");
    await expect(store.put(key, bytes("after"))).rejects.toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      retryable: true,
      message: expect.stringContaining(".lock was not free"),
    });
    expect(text((await store.get(key))?.body)).toBe("before");
    for (const holder of holders) holder.close();
    await store.put(key, bytes("after"));
    expect(text((await store.get(key))?.body)).toBe("after");
  });

  test("an abort ends the wait for one", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    const locks = join(directory, ".holdpoint", "locks");
    const holders = Array.from({ length: 16 }, (_, index) => new DatabaseSync(join(locks, `${index}.lock`)));
    for (const holder of holders) holder.exec("BEGIN IMMEDIATE");
    const put = store.put(key, bytes("x"), { signal: AbortSignal.timeout(50) });
    await expect(put).rejects.toMatchObject({ code: "aborted" });
    for (const holder of holders) holder.close();
    expect(await store.get(key)).toBeNull();
  });

  test("are found again after .holdpoint was removed and made anew by another process", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    const { version } = await store.put(key, bytes("1"));
    rmSync(join(directory, ".holdpoint"), { recursive: true });
    await expect(store.put(key, bytes("2"))).rejects.toMatchObject({ code: "not-found", outcome: "not-applied" });
    await using other = await createFileStore({ directory });
    const second = await other.put(key, bytes("2"), { ifVersion: version });
    await store.put(key, bytes("3"), { ifVersion: second.version });
    expect(text((await other.get(key))?.body)).toBe("3");
  });
});

describe("opening", () => {
  test("a directory that does not exist is not made, and the error says what to check", async () => {
    const directory = join(newDirectory(), "state");
    await expect(createFileStore({ directory })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(
        /state mount not found: .*state does not exist\. Check that the store's URL or path/u,
      ),
    });
    expect(existsSync(directory)).toBe(false);
  });

  test("a file is not a directory", async () => {
    const directory = join(newDirectory(), "state");
    writeFileSync(directory, "");
    await expect(createFileStore({ directory })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("is not a directory"),
    });
  });

  test("a volume that is unmounted later is not taken for an empty one", async () => {
    const directory = newDirectory();
    await using store = await createFileStore({ directory });
    await store.put(key, bytes("{}"));
    renameSync(directory, `${directory}-elsewhere`);
    mkdirSync(directory);
    const error = { code: "not-found", message: expect.stringContaining("state mount not found") };
    await expect(store.get(key)).rejects.toMatchObject(error);
    await expect(store.put(key, bytes("{}"))).rejects.toMatchObject(error);
    await expect(store.delete(key)).rejects.toMatchObject(error);
    await expect(keysOf(store)).rejects.toMatchObject(error);
    await expect(store.check()).rejects.toMatchObject(error);
    expect(readdirSync(directory)).toEqual([]);
  });

  test("sweeps what killed writers left behind more than an hour ago, and nothing younger", async () => {
    const directory = newDirectory();
    await (await createFileStore({ directory })).close();
    const temporary = join(directory, ".holdpoint", "tmp");
    writeFileSync(join(temporary, "young"), "");
    const old = new Date(0);
    utimesSync(join(temporary, "young"), old, old);
    await (await createFileStore({ directory })).close();
    expect(readdirSync(temporary)).toEqual(["young"]);
  });
});

describe("URLs", () => {
  test.for([
    ["file:///state", "/state"],
    ["file:///state/team%20a%23", "/state/team a#"],
    ["file://localhost/state", "/state"],
  ])("%s is the directory %s", ([url, directory]) => {
    expect(fileBackend.parseUrl(new URL(url ?? ""), {})).toEqual({ directory });
  });

  test.for([
    ["file://state/x", "the host state"],
    ["file:///state?ttl=1", 'no option "ttl"; there are: attemptTimeoutMs, maxAttempts, timeoutMs'],
    ["file:///state#x", "%23"],
    ["file:///a%2Fb", "encoded / characters"],
  ])("%s is refused", ([url, problem]) => {
    expect(() => fileBackend.parseUrl(new URL(url ?? ""), {})).toThrow(
      expect.objectContaining({ code: "invalid-argument", message: expect.stringContaining(problem ?? "") }),
    );
  });

  test("a path is a store's address too", async () => {
    const directory = newDirectory();
    await using store = await openStore(directory, { maxAttempts: 2 });
    expect(store.location).toBe(`file://${directory}`);
  });

  test("an empty directory name is refused", async () => {
    await expect(createFileStore({ directory: "" })).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
