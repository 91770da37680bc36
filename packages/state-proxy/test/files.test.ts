import { afterAll, describe, expect, it } from "vitest";

import { everyStore, removePlaces } from "./every-store.ts";
import { PythonMount } from "./python-mount.ts";
import { serveMount } from "./served-mount.ts";

afterAll(removePlaces);

describe.each(everyStore)("files of a Python actor on $name", ({ isMissing, open, place }) => {
  describe.skipIf(isMissing).each(["lww", "cas"] as const)("in mode %s", (mode) => {
    it("are read as they were written, whole or in pieces, empty or beyond what is kept in memory by the client", async () => {
      await using mount = await serveMount(await open(await place()), { mode });
      await using python = new PythonMount(mount.socketPath);
      const large = Buffer.alloc(5 * 1024 * 1024, "0123456789abcdef\r\n");
      await python.write("models/v1.0/weights.bin", large);
      expect((await python.read("models/v1.0/weights.bin")).equals(large)).toBe(true);
      await python.writeThrough("models/v1.0/notes", ["first ", "second ", Buffer.from([0, 255])]);
      expect(await python.read("models/v1.0/notes")).toEqual(Buffer.from("first second \0\u00ff", "latin1"));
      await python.write("empty", "");
      expect(await python.read("empty")).toHaveLength(0);
      await python.writeThrough("empty", []);
      expect(await python.stat("empty")).toEqual({ size: 0, isFile: true });
      await python.write("empty", "no more");
      expect(String(await python.read("empty"))).toBe("no more");
    });

    it("are told apart from directories and from what is not there", async () => {
      await using mount = await serveMount(await open(await place()), { mode });
      await using python = new PythonMount(mount.socketPath);
      await python.write("a/b/one.txt", "1");
      await python.write("a/b/two", "22");
      await python.write("a/c.json", "{}");
      await python.write("top", "");
      expect(await python.stat("a/b/two")).toEqual({ size: 2, isFile: true });
      expect(await python.stat("a/b")).toEqual({ size: 0, isFile: false });
      expect(await python.stat("")).toEqual({ size: 0, isFile: false });
      for (const missing of ["a/b/tw", "a/d", "b", "a/b/two/three", "to"]) {
        await expect(python.stat(missing)).rejects.toMatchObject({ raised: "FileNotFoundError", errno: "ENOENT" });
      }
      expect((await python.listdir("")).toSorted()).toEqual(["a", "top"]);
      expect((await python.listdir("a")).toSorted()).toEqual(["b", "c.json"]);
      expect((await python.listdir("a/b")).toSorted()).toEqual(["one.txt", "two"]);
      expect(await python.listdir("nothing")).toEqual([]);
      await python.remove("a/b/one.txt");
      await expect(python.remove("a/b/one.txt")).rejects.toMatchObject({ raised: "FileNotFoundError" });
      await python.remove("a/b/two");
      await expect(python.stat("a/b")).rejects.toMatchObject({ raised: "FileNotFoundError" });
      await expect(python.read("a/b/two")).rejects.toMatchObject({ raised: "FileNotFoundError" });
      expect(await python.listdir("a")).toEqual(["c.json"]);
    });

    it("are created once in the mode of Python that asks for it", async () => {
      await using mount = await serveMount(await open(await place()), { mode });
      await using python = new PythonMount(mount.socketPath);
      await python.write("lock", "mine", true);
      await expect(python.write("lock", "yours", true)).rejects.toMatchObject({ raised: "FileExistsError" });
      await expect(python.writeThrough("lock", ["yours"], true)).rejects.toMatchObject({ raised: "FileExistsError" });
      expect(String(await python.read("lock"))).toBe("mine");
      await python.remove("lock");
      await python.writeThrough("lock", ["yours"], true);
      expect(String(await python.read("lock"))).toBe("yours");
    });

    it("have attributes", async () => {
      await using mount = await serveMount(await open(await place()), { mode });
      await using python = new PythonMount(mount.socketPath);
      await python.write("k", "value");
      const { ttl } = mount.store.capabilities;
      expect(await python.listxattr("k")).toEqual(ttl ? ["version", "etag", "ttl"] : ["version", "etag"]);
      const version = await python.getxattr("k", "version");
      expect(version).toBe((await mount.store.get("k"))?.version);
      expect(await python.getxattr("k", "etag")).toBe(`"${version}"`);
      await expect(python.setxattr("k", "version", "1")).rejects.toMatchObject({ raised: "PermissionError" });
      for (const call of [python.getxattr("k", "colour"), python.setxattr("k", "colour", "red")]) {
        await expect(call).rejects.toMatchObject({ raised: "ValueError" });
      }
      for (const call of [
        python.listxattr("gone"),
        python.getxattr("gone", "version"),
        python.setxattr("gone", "ttl", "5"),
      ]) {
        await expect(call).rejects.toMatchObject({ raised: "FileNotFoundError" });
      }
      if (!ttl) {
        await expect(python.setxattr("k", "ttl", "60")).rejects.toMatchObject({ raised: "ValueError" });
        return;
      }
      for (const bad of ["0", "-2", "soon", "1.5", ""]) {
        await expect(python.setxattr("k", "ttl", bad)).rejects.toMatchObject({ raised: "ValueError" });
      }
      expect(await python.getxattr("k", "ttl")).toBe("-1");
      await python.setxattr("k", "ttl", "60");
      const left = Number(await python.getxattr("k", "ttl"));
      expect(left).toBeGreaterThan(30);
      expect(left).toBeLessThanOrEqual(61);
      expect(String(await python.read("k"))).toBe("value");
      await python.setxattr("k", "ttl", "-1");
      expect(await python.getxattr("k", "ttl")).toBe("-1");
      await python.setxattr("k", "ttl", "1");
      await expect
        .poll(() => python.stat("k").catch((error: Error) => error.message), { timeout: 30_000, interval: 200 })
        .toContain("No such file");
    });
  });
});
