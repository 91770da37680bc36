import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { createMemoryStore } from "../drivers/memory-store.ts";
import { registerBackend } from "./backend-registry.ts";
import { openStore } from "./open-store.ts";
import { readUrlOptions, textOption } from "./url-options.ts";

it("opens a path, a file URL and a config object", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hp-open-"));
  try {
    for (const from of [directory, `file://${directory}`, { backend: "file", directory }] as const) {
      await using store = await openStore(from);
      expect(store.backend).toBe("file");
      await store.put("key", new Uint8Array());
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

it.each([
  ["", /empty/u],
  ["acme://shelf", /no backend with the scheme "acme"; known are: .*file.*s3/u],
  ["file:state", /not absolute. Write file:\/\/\/directory/u],
  ["memory:?colour=red", /no option "colour"; there are: attemptTimeoutMs, maxAttempts, timeoutMs/u],
  ["memory:?timeoutMs=soon", /"timeoutMs": expected a whole number/u],
  ["memory:?timeoutMs=0", /timeoutMs is 0; expected a whole number from 1/u],
  ["memory:?timeoutMs=1&timeoutMs=2", /given twice/u],
])("refuses %j", async (url, message) => {
  await expect(openStore(url)).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringMatching(message),
  });
});

it.each([undefined, null, 5])("refuses %j, as a variable that is not set leaves it", async (from) => {
  await expect(openStore(from as never)).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining("check that the variable is set"),
  });
});

it("does not repeat a URL that it cannot read, for it may hold a password", async () => {
  await expect(openStore("redis://user:s3cr/et@[host")).rejects.toThrow(/percent-encoded/u);
  await expect(openStore("redis://user:s3cr/et@[host")).rejects.not.toThrow(/s3cr/u);
});

it.each([
  ["ring://a:1,b:2/x", "a:1,b", "2"],
  ["ring://user:p,w@a:1,[::1]:2,b/x", "a:1,[::1]:2,b", ""],
  ["ring://[::1]:1,[::2]:2?x=1,2", "[::1]:1,[::2]", "2"],
  ["ring://%2Fsocket:1,b:2", "/socket:1,b", "2"],
  ["ring://a,b:2", "a,b", "2"],
  ["ring://a:1/x,y", "a", "1"],
])("reads several hosts where a backend takes them: %s", async (text, hosts, port) => {
  const seen: URL[] = [];
  registerBackend({
    name: "ring",
    schemes: ["ring"],
    hostLists: true,
    parseUrl: (url) => {
      seen.push(url);
      return {};
    },
    open: async () => await createMemoryStore(),
  });
  await (await openStore(text)).close();
  expect(decodeURIComponent(seen[0]?.hostname ?? "")).toBe(hosts);
  expect(seen[0]?.port).toBe(port);
});

it("takes an option as it stands", () => {
  const read = (query: string): unknown =>
    readUrlOptions(new URL(`acme://shelf?prefix=${query}`), { prefix: textOption });
  for (const text of ["a+b", "50%", "a b", "%zz", "a%2"]) expect(read(text)).toEqual({ prefix: text });
  expect(read("a%2Bb%20c%25")).toEqual({ prefix: "a+b c%" });
});

it("opens what a third party has registered", async () => {
  registerBackend({
    name: "shelf",
    schemes: ["shelf"],
    parseUrl: (url) => ({ shelf: url.hostname }),
    open: async ({ shelf }: { shelf: string }) => {
      expect(shelf).toBe("seven");
      return await createMemoryStore();
    },
  });
  await using store = await openStore("shelf://seven");
  expect(store.backend).toBe("memory");
});

it("takes a URL of another realm for a URL", async () => {
  // As under jsdom, whose URL is a class of its own.
  const { href, protocol, hostname, searchParams } = new URL("memory:");
  const other = { href, protocol, hostname, searchParams, toString: () => href } as unknown as URL;
  await using store = await openStore(other);
  expect(store.backend).toBe("memory");
});
