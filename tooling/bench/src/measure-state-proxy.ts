import type { Effort } from "./compare.ts";
import { compare } from "./compare.ts";
import type { Contestant } from "./contestant.ts";
import { holdpointName, limitName } from "./contestant.ts";
import type { SettingResult } from "./measure-operations.ts";
import { createBody } from "./plain-store.ts";
import { startStateProxy } from "./sockets/state-proxy.ts";
import type { BackendUnderTest } from "./stores/bench-server.ts";
import { openMinioBench } from "./stores/minio-bench.ts";

type FileOperation = "PUT" | "GET";

const bodyBytes = 1_024;

/** The store without a socket, in the process of the bench. */
const inProcessName = "the store itself";

/** Writes and reads files through the state proxy's socket, beside the bare client and the store in this process. */
export async function measureStateProxy(
  quick: boolean,
  onResult: (result: SettingResult) => void,
): Promise<readonly SettingResult[]> {
  const effort: Effort = quick
    ? { batchMs: 200, rounds: 9, longestMs: 10_000, leastRounds: 5 }
    : { batchMs: 500, rounds: 31, longestMs: 60_000, leastRounds: 11 };
  await using backend = await openMinioBench();
  await using proxy = await startStateProxy({ ...backend.environment, ASYA_CHECKPOINT_STORE: backend.url });
  const body = createBody(bodyBytes);
  const { bytes } = body;
  const assertWhole = (content: Uint8Array | string | undefined): void => {
    if (content?.length !== bodyBytes) throw new Error(`${content?.length} bytes were read`);
  };
  const bare = bareOf(backend);
  const contestants: readonly Contestant<FileOperation>[] = [
    {
      name: limitName,
      operations: {
        PUT: ({ key }) => bare.create(key, body),
        GET: async ({ key }) => assertWhole((await bare.read?.(key))?.content),
      },
    },
    {
      name: inProcessName,
      operations: {
        PUT: ({ key }) => backend.store.put(key, bytes),
        GET: async ({ key }) => assertWhole((await backend.store.get(key))?.body),
      },
    },
    {
      name: holdpointName,
      otherCpuMs: () => proxy.cpuMs(),
      operations: {
        PUT: ({ key }) => proxy.ask("PUT", key, bytes),
        GET: async ({ key }) => assertWhole(await proxy.ask("GET", key)),
      },
    },
  ];
  const results: SettingResult[] = [];
  for (const inFlight of quick ? [16] : [1, 16]) {
    const comparisons = await compare(contestants, ["PUT", "GET"], inFlight, effort);
    const result = { group: "state proxy", bodyBytes, inFlight, comparisons } as const;
    results.push(result);
    onResult(result);
  }
  return results;
}

function bareOf({ contestants }: BackendUnderTest): BackendUnderTest["contestants"][number] {
  const bare = contestants.find(({ name }) => name === limitName);
  if (bare === undefined) throw new Error("there is no bare client to measure beside");
  return bare;
}
