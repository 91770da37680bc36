import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { plainRequest } from "./plain-request.ts";

const program = fileURLToPath(new URL("../../../../packages/state-proxy/src/state-proxy.ts", import.meta.url));

/** A connector in a process of its own, as it is in a pod. */
export interface StateProxyProcess extends AsyncDisposable {
  /** One request on a connection of its own, as Asya's runtime makes it; resolves to the answer's body. */
  ask(method: "GET" | "PUT", key: string, body?: Uint8Array): Promise<Buffer>;
  /** Its processor time so far, in milliseconds; 0 where the system does not show it as Linux does. */
  cpuMs(): number;
}

/** Starts a connector on a store and waits until it can be dialled. */
export async function startStateProxy(environment: NodeJS.ProcessEnv): Promise<StateProxyProcess> {
  const directory = await mkdtemp(join(tmpdir(), "hpb-"));
  const socketPath = join(directory, "bench.sock");
  const child = spawn(process.execPath, ["--conditions=source", program], {
    env: { ...process.env, ...environment, CONNECTOR_SOCKET: socketPath },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = once(child, "close");
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.includes('"event":"ready"')) ready.resolve();
  });
  void closed.then(() => ready.reject(new Error("The state proxy has ended.")));
  await ready.promise;
  return {
    ask: (method, key, body) => plainRequest(socketPath, method, `/keys/${key}`, body),
    cpuMs: () => cpuMsOf(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function cpuMsOf(pid: number | undefined): number {
  if (process.platform !== "linux") return 0;
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, counted from behind the program's name.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /su, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

// On every architecture that Node runs on.
const msPerTick = 10;
