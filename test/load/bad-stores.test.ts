import { describe, expect, it } from "vitest";

import { temporaryDirectory } from "../every-store.ts";

import { brokenLimits } from "./load-limits.ts";
import { measureLoad } from "./run-load-command.ts";

const allowed = { connections: 1, files: 112 };
const timeoutMs = 120_000;

describe("limits that a bad store breaks", () => {
  it.each([
    ["forgetful:", 1, /^resume: done to \d+ of 800 tasks$/u],
    ["unfair:", 0, /^pause: a task was passed by \d+ others$/u],
    ["wasteful:", 0, /^pause: held \d+ connections$/u],
    ["churning:", 0, /^opened \d{4} connections$/u],
  ])("%s", async (url, exitCode, broken) => {
    const report = await measureLoad(url, { documents: 800, inFlight: 100, payloadBytes: 100 });
    expect(brokenLimits(report, report, allowed)).toContainEqual(expect.stringMatching(broken));
    expect(report.exitCode).toBe(exitCode);
  });

  it.each([
    ["hoarding", [/^list: held \d+ bytes more/u, /^prune: held \d+ bytes more/u]],
    ["leaking", [/^pause: left \d+ bytes more/u]],
  ])("%s:", { timeout: timeoutMs }, async (scheme, broken) => {
    await using one = await temporaryDirectory();
    await using other = await temporaryDirectory();
    const size = { inFlight: 50, payloadBytes: 40_000 };
    const small = await measureLoad(`${scheme}://${one.path}`, { ...size, documents: 50 });
    const large = await measureLoad(`${scheme}://${other.path}`, { ...size, documents: 350 });
    const found = brokenLimits(small, large, allowed);
    for (const pattern of broken) expect(found).toContainEqual(expect.stringMatching(pattern));
  });
});
