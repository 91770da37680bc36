import type { Environment } from "@holdpoint/actors";
import type { CheckpointErrorCode, CheckpointStore, StoreFinding } from "@holdpoint/core";
import { CheckpointError, openStore } from "@holdpoint/core";

import { checkConfiguration, checkVariables, watchEnvironment } from "./check-configuration.ts";
import { checkPermissions } from "./check-permissions.ts";
import { checkPreconditions } from "./check-preconditions.ts";
import { checkRoundTrip } from "./check-round-trip.ts";
import { Scratch } from "./scratch.ts";

/** Options of {@link examineStore}. */
export interface ExamineOptions {
  /** The store's URL or directory. @default what the environment names */
  readonly store?: string | undefined;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** Examines a store from its configuration to a full round trip, and removes what it wrote. Findings come as they are made. */
export async function* examineStore(options: ExamineOptions): AsyncGenerator<StoreFinding> {
  const { environment, signal } = options;
  const { origin, findings } = checkConfiguration(environment, options.store);
  yield* findings;
  if (origin === undefined) return;

  const watched = watchEnvironment(environment);
  const startedAt = performance.now();
  let opened: CheckpointStore;
  try {
    // For reading first: what is misspelt must not be created by who examines it.
    await (await openStore(origin.from, { environment: watched.environment, access: "read" })).close();
    opened = await openStore(origin.from, { environment: watched.environment });
  } catch (error) {
    yield* await checkVariables(environment, watched.read, origin.source);
    yield failure(subjectOf(error), error, "Nothing can be paused or resumed before this is mended.");
    return;
  }
  await using store = opened;
  yield* await checkVariables(environment, watched.read, origin.source);
  const tookMs = Math.round(performance.now() - startedAt);
  yield { subject: "reachability", level: "ok", found: `${store.location} answers; opening it took ${tookMs} ms` };
  yield* examineOpenStore(store, signal);
}

/** Tries everything that a store promises, asks its server for its settings, and removes what it wrote. */
export async function* examineOpenStore(store: CheckpointStore, signal?: AbortSignal): AsyncGenerator<StoreFinding> {
  yield describeCapabilities(store);
  const scratch = new Scratch(store, signal);
  try {
    const failed = new Set<string>();
    for await (const finding of checkPermissions(scratch)) {
      if (finding.level !== "ok") failed.add(finding.subject);
      yield finding;
    }
    if (!failed.has("put")) {
      yield* guarded("problem", "preconditions", signal, () => checkPreconditions(scratch));
      if (!failed.has("get")) {
        yield* guarded("problem", "round trip", signal, async function* () {
          yield await checkRoundTrip(scratch);
        });
      }
    }
    yield* guarded("unknown", "settings", signal, async function* () {
      yield* (await store.inspect?.({ signal })) ?? [];
    });
  } finally {
    const left = await scratch.clear();
    if (left.length > 0) {
      yield {
        subject: "scratch values",
        level: "warning",
        found: `could not be removed: ${left.join(", ")}`,
        reason: "They are of no use to anybody.",
        remedy: "Remove them by hand.",
      };
    }
  }
}

/** A check that cannot be carried out is a finding of its own, and those after it are made all the same. */
async function* guarded(
  level: "problem" | "unknown",
  subject: string,
  signal: AbortSignal | undefined,
  check: () => AsyncIterable<StoreFinding>,
): AsyncIterable<StoreFinding> {
  try {
    yield* check();
  } catch (error) {
    signal?.throwIfAborted();
    yield { ...failure(subject, error, "It could not be found out."), level };
  }
}

function failure(subject: string, error: unknown, reason: string): StoreFinding {
  return { subject, level: "problem", found: error instanceof Error ? error.message : String(error), reason };
}

const subjects: Readonly<Partial<Record<CheckpointErrorCode, string>>> = {
  "invalid-argument": "configuration",
  "permission-denied": "permissions",
  "not-found": "place",
  unsupported: "server",
};

function subjectOf(error: unknown): string {
  return (CheckpointError.is(error) ? subjects[error.code] : undefined) ?? "reachability";
}

function describeCapabilities({ capabilities }: CheckpointStore): StoreFinding {
  const found = [
    capabilities.conditionalDelete
      ? "prune removes what is left of ended tasks"
      : "prune empties what is left of ended tasks, since the server cannot delete under a condition",
    capabilities.ttl ? "values can expire by themselves" : "values do not expire by themselves",
  ];
  return { subject: "capabilities", level: "ok", found: found.join("; ") };
}
