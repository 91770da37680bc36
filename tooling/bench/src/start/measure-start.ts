import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

import { benchBackends } from "../bench-backends.ts";
import { buildPackages, executables, folder } from "../built-packages.ts";
import type { BackendUnderTest } from "../stores/bench-server.ts";
import type { Spread } from "../statistics.ts";
import { spreadOf } from "../statistics.ts";
import { installedSize } from "./installed-size.ts";
import type { StartScript } from "./start-scripts.ts";
import { holdpointFirstPut, startScripts } from "./start-scripts.ts";

/** How long one backend takes to begin, in milliseconds, and what its packages take on the disk. */
export interface StartRow {
  readonly backend: string;
  readonly importMs: Spread;
  readonly bareModule: string;
  readonly bareImportMs: Spread;
  /** From the start of the process. */
  readonly firstPutMs: Spread;
  readonly bareFirstPutMs: Spread;
  /** From the start of the process `x-pause` to the file `runtime-ready`. */
  readonly readyMs: Spread;
  readonly installedBytes: number;
  readonly bareInstalledBytes: number;
}

const execute = promisify(execFile);

/** Starts processes from the built packages, ours and the bare SDK's by turns. */
export async function measureStart(quick: boolean, onRow: (row: StartRow) => void): Promise<readonly StartRow[]> {
  await buildPackages();
  const rows: StartRow[] = [];
  for (const script of startScripts) {
    const open = benchBackends[script.name];
    if (open === undefined) continue;
    await using backend = await open();
    const row = await measureOne(script, backend, quick ? 3 : 11);
    rows.push(row);
    onRow(row);
  }
  return rows;
}

async function measureOne(script: StartScript, backend: BackendUnderTest, rounds: number): Promise<StartRow> {
  const { name, module, bare } = script;
  const address = backend.address;
  const names = `const URL = ${JSON.stringify(backend.url)}; const ADDRESS = ${JSON.stringify(address)};`;
  const programs = {
    importMs: importProgram([module]),
    bareImportMs: importProgram(bare.packages.length === 0 ? [bare.module] : bare.packages),
    firstPutMs: firstPutProgram(names, holdpointFirstPut),
    bareFirstPutMs: firstPutProgram(names, bare.firstPut),
  };
  const times: Record<keyof typeof programs | "readyMs", number[]> = {
    importMs: [],
    bareImportMs: [],
    firstPutMs: [],
    bareFirstPutMs: [],
    readyMs: [],
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const [figure, program] of Object.entries(programs)) {
      times[figure as keyof typeof programs].push(await runProgram(program, backend.environment));
    }
    times.readyMs.push(await timeUntilReady(backend));
  }
  return {
    backend: name,
    bareModule: bare.module,
    importMs: spreadOf(times.importMs),
    bareImportMs: spreadOf(times.bareImportMs),
    firstPutMs: spreadOf(times.firstPutMs),
    bareFirstPutMs: spreadOf(times.bareFirstPutMs),
    readyMs: spreadOf(times.readyMs),
    installedBytes: await installedSize(folder, name === "minio" ? [packageOf(module), "minio"] : [packageOf(module)]),
    bareInstalledBytes: await installedSize(folder, bare.packages),
  };
}

function packageOf(module: string): string {
  return module
    .split("/")
    .slice(0, module.startsWith("@") ? 2 : 1)
    .join("/");
}

function importProgram(modules: readonly string[]): string {
  const imports = modules.map((module) => `await import(${JSON.stringify(module)});`).join(" ");
  return `const startedAt = performance.now(); ${imports} console.log(performance.now() - startedAt); process.exit();`;
}

// `performance.now()` counts from the start of the process.
function firstPutProgram(names: string, program: string): string {
  return `${names}\n${program}\nconsole.log(performance.now()); process.exit();`;
}

async function runProgram(program: string, environment: Readonly<Record<string, string>>): Promise<number> {
  const { stdout } = await execute(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: folder,
    env: { ...process.env, ...environment, NODE_OPTIONS: "" },
  });
  return Number(stdout);
}

async function timeUntilReady({ url, environment }: BackendUnderTest): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "hpb-"));
  const watcher = watch(directory);
  const { promise: ready, resolve } = Promise.withResolvers<number>();
  const startedAt = performance.now();
  watcher.on("change", (_type, file) => {
    if (file === "runtime-ready") resolve(performance.now() - startedAt);
  });
  const child = spawn(process.execPath, [executables["x-pause"]], {
    cwd: folder,
    env: { ...process.env, ...environment, NODE_OPTIONS: "", ASYA_SOCKET_DIR: directory, ASYA_CHECKPOINT_STORE: url },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "close");
  const said = text(child.stderr);
  try {
    const failed = ended.then(async () => await Promise.reject(new Error(`x-pause ended by itself: ${await said}`)));
    return await Promise.race([ready, failed]);
  } finally {
    child.kill("SIGKILL");
    await ended;
    watcher.close();
    await rm(directory, { recursive: true, force: true });
  }
}
