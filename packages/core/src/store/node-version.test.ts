import { readFile } from "node:fs/promises";

import { expect, it } from "vitest";

import { assertNodeVersion, oldestNode } from "./node-version.ts";

it.each(["20.20.2", "22.12.0", "21.99.0", "9.13.0"])("Node.js %s is too old, and the error says so", (version) => {
  expect(() => assertNodeVersion(version)).toThrow(
    expect.objectContaining({ code: "unsupported", message: expect.stringContaining(version) as unknown }),
  );
});

it.each(["22.13.0", "22.20.1", "24.0.0", "100.1.0", undefined])("Node.js %s is new enough", (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow();
});

it("is what the package asks for", async () => {
  const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  expect(manifest).toMatchObject({ engines: { node: `>=${oldestNode}` } });
});
