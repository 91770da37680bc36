import { CheckpointError } from "@holdpoint/core";
import { expect, describe, test } from "vitest";

import { createBucket, minio } from "./test-server.ts";
import { clients } from "./two-clients.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(minio.isMissing)("one bucket, two clients", () => {
  test.each([
    ["minio", "s3"],
    ["s3", "minio"],
  ] as const)("what %s:// pauses, %s:// resumes", async (first, second) => {
    const location = { bucket: await createBucket(), prefix: "team-a" };
    await using pausing = await clients[first].open(location);
    await using resuming = await clients[second].open(location);
    const key = "paused/msg-123.json";

    const paused = await pausing.put(key, bytes("paused"), { ifAbsent: true });
    const found = await resuming.get(key);
    expect(found).toMatchObject({ body: bytes("paused"), version: paused.version });

    const resumed = await resuming.put(key, bytes("resumed"), { ifVersion: paused.version });
    expect(await pausing.get(key)).toMatchObject({ body: bytes("resumed"), version: resumed.version });

    const late = await pausing.put(key, bytes("again"), { ifVersion: paused.version }).catch((error: unknown) => error);
    expect(late).toSatisfy((error) => CheckpointError.is(error, "conflict"));
    const twice = await pausing.put(key, bytes("again"), { ifAbsent: true }).catch((error: unknown) => error);
    expect(twice).toSatisfy((error) => CheckpointError.is(error, "conflict"));
  });

  test("both keep every key under the same name", async () => {
    const location = { bucket: await createBucket() };
    await using one = await clients.s3.open(location);
    await using other = await clients.minio.open(location);
    const keys = [
      "a",
      "a/",
      "a/b",
      "a//b",
      "/a",
      "..",
      "../a",
      ".",
      "é",
      "e\u0301",
      "🙂",
      "=",
      "%2F",
      "\u0000\u001F",
      "*?[",
    ];
    keys.push("x".repeat(512), "\u0001".repeat(512), `paused/${"🙂".repeat(126)}`);
    for (const [index, key] of keys.entries()) {
      await (index % 2 === 0 ? one : other).put(key, bytes(key), { ifAbsent: true });
    }
    for (const store of [one, other]) {
      const listed: string[] = [];
      for await (const entry of store.list()) listed.push(entry.key);
      expect(listed.toSorted()).toEqual(keys.toSorted());
      for (const key of keys) expect((await store.get(key))?.body).toEqual(bytes(key));
    }
  });

  test("a write that one made is recognised by the other", async () => {
    const location = { bucket: await createBucket() };
    await using one = await clients.s3.open(location);
    await using other = await clients.minio.open(location);
    const { version } = await one.put("k", bytes("1"));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? one : other).put("k", bytes(`claim ${index}`), { ifVersion: version }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
