import type { Effort } from "./compare.ts";
import { compare } from "./compare.ts";
import type { Contestant } from "./contestant.ts";
import { holdpointName, limitName } from "./contestant.ts";
import type { SettingResult } from "./measure-operations.ts";
import { createBody } from "./plain-store.ts";
import { startStateProxy } from "./sockets/state-proxy.ts";
import { openMinioBench } from "./stores/minio-bench.ts";

type FileOperation = "PUT" | "GET";

const bodyBytes = 1_024;

/** Writes and reads files through the state proxy's socket, beside the store's own operations in this process. */
export async function measureStateProxy(
  quick: boolean,
  onResult: (result: SettingResult) => void,
): Promise<readonly SettingResult[]> {
  const effort: Effort = quick
    ? { batchMs: 200, rounds: 9, longestMs: 10_000, leastRounds: 5 }
    : { batchMs: 500, rounds: 31, longestMs: 60_000, leastRounds: 11 };
  await using backend = await openMinioBench();
  await using proxy = await startStateProxy({ ...backend.environment, ASYA_CHECKPOINT_STORE: backend.url });
  const { bytes } = createBody(bodyBytes);
  const assertWhole = (body: Uint8Array | undefined): void => {
    if (body?.byteLength !== bodyBytes) throw new Error(`${body?.byteLength} bytes were read`);
  };
  const contestants: readonly Contestant<FileOperation>[] = [
    {
      name: limitName,
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
