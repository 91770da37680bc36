import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";

import { buildPackages, executables, folder } from "../built-packages.ts";
import { runInFlight } from "../run-in-flight.ts";
import { plainRequest } from "../sockets/plain-request.ts";
import { spreadOf } from "../statistics.ts";
import { startBenchServer } from "../stores/bench-server.ts";
import { bareProgram } from "./bare-program.ts";
import { startServed } from "./served-process.ts";

/** What one process needs while it is sent messages, in bytes, each the median of fresh processes. */
interface MemoryUse {
  /** Before the first message. */
  readonly startBytes: number;
  readonly peakBytes: number;
  /** After how many messages the peak was nearly what it is in the end. */
  readonly levelsAfter: number;
}

/** The memory of an actor on Redis, and of the least that does the same. */
export interface MemoryRow {
  readonly actor: keyof typeof executables;
  readonly heap: string;
  readonly payloadBytes: number;
  readonly inFlight: number;
  readonly messages: number;
  /** `undefined` where it does not live through it, or is none. */
  readonly bare: MemoryUse | undefined;
  readonly holdpoint: MemoryUse;
}

interface Load {
  readonly actor: MemoryRow["actor"];
  readonly payloadBytes: number;
  readonly inFlight: number;
  readonly messages: number;
  /** How often the memory is looked at. */
  readonly looks: number;
}

// What Node gives itself in a container with the manifests' limit of 512 MiB.
const podHeap = { name: "256 MiB, as in a pod", flags: ["--max-heap-size=256"] };
const ownHeap = { name: "as Node chooses it here", flags: [] };

// Of what the peak is in the end.
const levelShare = 0.97;

/** Sends messages to the actors and to the bare server, each in processes of their own, by turns. */
export async function measureMemory(quick: boolean, onRow: (row: MemoryRow) => void): Promise<readonly MemoryRow[]> {
  // https://man7.org/linux/man-pages/man5/proc.5.html
  if (process.platform !== "linux") throw new Error("The memory of processes is measured where there is a /proc.");
  await buildPackages();
  const actor = "x-pause";
  const small: Load = {
    actor,
    payloadBytes: 1_024,
    inFlight: 32,
    messages: quick ? 20_000 : 80_000,
    looks: quick ? 4 : 16,
  };
  const large: Load = { actor, payloadBytes: 20 * 1_024 * 1_024, inFlight: 16, messages: 16, looks: 1 };
  // The answers are small, and the tasks that they are for large.
  const answers: Load = { ...large, actor: "x-resume" };
  const rows: MemoryRow[] = [];
  for (const [heap, load] of [
    [podHeap, small],
    [ownHeap, small],
    [podHeap, large],
    [podHeap, answers],
  ] as const) {
    const uses: Record<"bare" | "holdpoint", MemoryUse[]> = { bare: [], holdpoint: [] };
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      if (load !== large && load !== answers) uses.bare.push(await measureOnce("bare", heap.flags, load));
      uses.holdpoint.push(await measureOnce("holdpoint", heap.flags, load));
    }
    const { looks: _, ...setting } = load;
    const bare = uses.bare.length === 0 ? undefined : medianOf(uses.bare);
    const row = { heap: heap.name, ...setting, bare, holdpoint: medianOf(uses.holdpoint) };
    rows.push(row);
    onRow(row);
  }
  return rows;
}

function medianOf(uses: readonly MemoryUse[]): MemoryUse {
  const median = (of: (use: MemoryUse) => number): number => spreadOf(uses.map(of)).median;
  return {
    startBytes: median(({ startBytes }) => startBytes),
    peakBytes: median(({ peakBytes }) => peakBytes),
    levelsAfter: median(({ levelsAfter }) => levelsAfter),
  };
}

async function measureOnce(
  contestant: "bare" | "holdpoint",
  flags: readonly string[],
  { actor, payloadBytes, inFlight, messages, looks }: Load,
): Promise<MemoryUse> {
  // A new one for each, so that nothing of the others is left.
  await using redis = await startBenchServer("redis");
  const directory = await mkdtemp(join(tmpdir(), "hpb-"));
  try {
    const socketPath = join(directory, "actor.sock");
    const program = contestant === "bare" ? ["--input-type=module", "--eval", bareProgram] : [executables[actor]];
    await using served = await startServed([...flags, ...program], socketPath, {
      cwd: folder,
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        REDIS_ADDRESS: redis.url,
        SOCKET_PATH: socketPath,
        ASYA_CHECKPOINT_STORE: redis.url,
        ASYA_SOCKET_DIR: directory,
        ASYA_SOCKET_NAME: "actor.sock",
      },
    });
    const { residentBytes: startBytes } = served.memory();
    const ids = Array.from({ length: messages }, (_, index) => `task-${index}`);
    const payload = { text: "x".repeat(payloadBytes) };
    const pauseMessage = (id: string) => ({
      id,
      route: { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] },
      headers: {},
      payload,
    });
    if (actor === "x-resume") {
      await using store = await openStore(redis.url);
      const ledger = createPauseLedger(store);
      for (const id of ids) await ledger.pause(pauseMessage(id));
    }
    const peaks: { readonly after: number; readonly peakBytes: number }[] = [];
    for (let look = 1; look <= looks; look += 1) {
      const after = (messages / looks) * look;
      await runInFlight(ids.slice(after - messages / looks, after), inFlight, async (id) => {
        const message = actor === "x-pause" ? pauseMessage(id) : resumeMessage(id);
        await plainRequest(socketPath, "POST", "/invoke", Buffer.from(JSON.stringify(message)));
      });
      peaks.push({ after, peakBytes: served.memory().peakBytes });
    }
    const peakBytes = peaks.at(-1)?.peakBytes ?? Number.NaN;
    const levelsAfter = peaks.find((look) => look.peakBytes >= levelShare * peakBytes)?.after ?? messages;
    return { startBytes, peakBytes, levelsAfter };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function resumeMessage(id: string) {
  return {
    id: `answer-to-${id}`,
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": id },
    payload: { approved: true },
  };
}
