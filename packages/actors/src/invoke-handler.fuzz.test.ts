import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore, parseLosslessJson } from "@holdpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { privateText, strangeBodies } from "../test/strange-json.ts";
import { createActorLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import { invokeHandler } from "./invoke-handler.ts";
import { createPauseActor } from "./pause-actor.ts";
import { createResumeActor } from "./resume-actor.ts";

const ledger = createPauseLedger(await createMemoryStore());
const actors: readonly (readonly [string, ActorHandler])[] = [
  ["an echo", async ({ payload }) => ({ payload })],
  ["x-pause", createPauseActor({ ledger })],
  ["x-resume", createResumeActor({ ledger, mergeMode: "deep", validation: "strict" })],
];

test.each(actors)(
  "%s answers whatever arrives, and tells of it in one line that repeats nothing",
  async (_, handler) => {
    const shutdown = new AbortController().signal;
    await fc.assert(
      fc.asyncProperty(strangeBodies, async (body) => {
        const lines: string[] = [];
        const log = createActorLog({ actor: "test" }, { write: (line) => lines.push(line) });
        const answer = await invokeHandler(handler, body, {
          parseJson: parseLosslessJson,
          actorTimeoutMs: 10_000,
          shutdown,
          takeBytes: async () => {},
          log,
        });
        const { frames, error } = JSON.parse(answer.body) as { readonly frames?: unknown[]; readonly error?: string };
        expect([answer.status, error]).toEqual(
          frames === undefined
            ? [expect.anything(), answer.status === 400 ? "msg_parsing_error" : "processing_error"]
            : [200, undefined],
        );
        // Only frames hold content, and only an id is named.
        const isNamed = new TextDecoder().decode(body).includes(`"id":"${privateText}"`);
        if (frames === undefined && !isNamed) expect(answer.body).not.toContain(privateText);
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) {
          expect(JSON.parse(line)).toMatchObject({ actor: "test" });
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
      { numRuns: 300 },
    );
  },
);
