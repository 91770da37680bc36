import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 10;

/** What the operating system says of a process's memory, in bytes. */
interface ResidentMemory {
  readonly residentBytes: number;
  /** The most that it has been so far. */
  readonly peakBytes: number;
}

/** A process that serves on a socket. */
export interface ServedProcess extends AsyncDisposable {
  memory(): Promise<ResidentMemory>;
}

/** Starts Node with these arguments, and waits until it can be dialled. */
export async function startServed(
  nodeArguments: readonly string[],
  socketPath: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<ServedProcess> {
  const child = spawn(process.execPath, nodeArguments, { ...options, stdio: "ignore" });
  const closed = once(child, "close");
  while (!(await isServed(socketPath))) {
    if (child.exitCode !== null) throw new Error(`The process for ${socketPath} ended with code ${child.exitCode}.`);
    await delay(pollMs);
  }
  return {
    memory: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return { residentBytes: kibibytesOf(status, "VmRSS") * 1_024, peakBytes: kibibytesOf(status, "VmHWM") * 1_024 };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
    },
  };
}

// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
function kibibytesOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(?<kib>\\d+) kB$`, "mu").exec(status)?.groups?.["kib"]);
}

async function isServed(socketPath: string): Promise<boolean> {
  const connection = connect(socketPath);
  try {
    await once(connection, "connect");
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}
