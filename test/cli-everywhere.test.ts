import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { pauseEnvelope } from "../packages/asya/test/ledger-fixture.ts";
import { executable, jsonLines, run } from "../packages/cli/test/run-cli.ts";
import { storesUnderTest } from "./every-store.ts";

describe.each(storesUnderTest)("holdpoint on $name", (place) => {
  it.skipIf(place.isMissing)("lists, resumes once, and prunes", async () => {
    const ASYA_CHECKPOINT_STORE = place.url();
    const environment = { ...place.environment, ASYA_CHECKPOINT_STORE };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    await using store = await openStore(ASYA_CHECKPOINT_STORE);
    const metadata = { prompt: "Approve?", fields: [{ name: "approved", type: "boolean" as const }] };
    await createPauseLedger(store).pause(pauseEnvelope(), { metadata });
    const cli = async (...parameters: readonly string[]) =>
      await run(process.execPath, [executable, ...parameters], { environment });

    const listed = await cli("ls", "--json");
    expect({ ...listed, stdout: jsonLines(listed.stdout) }).toMatchObject({
      exitCode: 0,
      stdout: [{ taskId: "task-1" }],
    });
    const answers = await Promise.all(
      ["ann", "ben"].map((by) => cli("resume", "task-1", "-f", "approved=true", "--by", by)),
    );
    expect(answers.map(({ exitCode }) => exitCode).toSorted((left, right) => Number(left) - Number(right))).toEqual([
      0, 4,
    ]);
    const pruned = await cli("prune", "--older-than", "0s", "--json");
    const [{ removed = 0, compacted = 0 } = {}] = jsonLines(pruned.stdout);
    expect(Number(removed) + Number(compacted)).toBe(1);
  });
});
