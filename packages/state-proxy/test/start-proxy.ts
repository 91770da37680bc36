import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../src/state-proxy.ts", import.meta.url));

/** What a process has come to that could not start, or was told to stop. */
export interface Ended {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

/** The executable, in a process of its own. */
export interface ProxyProcess extends AsyncDisposable {
  readonly socketPath: string;
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Ended>;
}

const inherited = ["PATH", "NODE_OPTIONS", "HOME", "TMPDIR"];

/** Variables of this process that the executable needs to run at all, and none that names a store. */
export function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(inherited.map((name) => [name, process.env[name]]));
}

/** Starts the executable and waits until it is ready. */
export async function startProxy(
  variables: Readonly<Record<string, string>>,
  { nodeArguments = [] }: { readonly nodeArguments?: readonly string[] } = {},
): Promise<ProxyProcess> {
  const directory = await mkdtemp(join(tmpdir(), "spx-"));
  const socketPath = join(directory, "meta.sock");
  const env = { ...plainEnvironment(), CONNECTOR_SOCKET: socketPath, ...variables };
  const child = spawn(process.execPath, [...nodeArguments, program], { env, stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close") as Promise<[number | null]>;
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    if (line.includes('"event":"ready"')) ready.resolve();
  });
  void closed.then(() => ready.reject(new Error(`state-proxy has ended:\n${lines.join("\n")}`)));
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    const [exitCode] = await closed;
    return { exitCode, lines };
  };
  try {
    await ready.promise;
  } catch (error) {
    await rm(directory, { recursive: true });
    throw error;
  }
  return {
    socketPath,
    child,
    lines,
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => {
      await end("SIGKILL");
      await rm(directory, { recursive: true });
    },
  };
}

/** Runs the executable with variables that it should refuse, and waits for its end. */
export async function refusedProxy(variables: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, [program], {
    env: { ...plainEnvironment(), ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, lines };
}
