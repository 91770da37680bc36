import { serverCacheDirectory } from "./cache-directory.ts";
import { installDebianPackages } from "./debian-packages.ts";
import { findExecutable } from "./find-executable.ts";
import { ServerKeeper } from "./keeper/server-keeper.ts";
import type { Missing } from "./reporting/describe-missing.ts";

/** The programs, besides servers, that tests run, by the names of their commands. */
const debianPackages = {
  chromium: "chromium",
  fish: "fish",
  nginx: "nginx-light",
  python3: "python3",
  zsh: "zsh",
} as const;

// Where Debian has servers, which is not on everybody's PATH.
const systemDirectories = ["/usr/sbin"];

/** One of the programs that {@link findProgram} knows. */
export type ProgramName = keyof typeof debianPackages;

/** The variable that tests read a program's path from. */
export function programVariable(name: ProgramName): string {
  return `HOLDPOINT_TEST_${name.toUpperCase()}`;
}

/** A program that is there. */
export interface FoundProgram {
  readonly kind: "found";
  readonly path: string;
}

/** Options of {@link findProgram}. */
export interface FindProgramOptions {
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where it says what takes long. @default lines on the standard error output */
  readonly say?: ((line: string) => void) | undefined;
}

/**
 * Finds a program where its variable says, or on `PATH`, or installs it, on Debian as root.
 *
 * @example
 * ```ts
 * const fish = await findProgram("fish");
 * if (fish.kind === "missing") throw new Error(fish.remedy);
 * ```
 */
export async function findProgram(
  name: ProgramName,
  options: FindProgramOptions = {},
): Promise<FoundProgram | Missing> {
  const environment = options.environment ?? process.env;
  const chosen = environment[programVariable(name)] ?? "";
  if (chosen !== "") return { kind: "found", path: chosen };
  const there = await findExecutable(name, environment, systemDirectories);
  if (there !== undefined) return { kind: "found", path: there };
  let keeper: Promise<ServerKeeper> | undefined;
  const reason = await installDebianPackages(name, debianPackages[name], {
    environment,
    cacheDirectory: serverCacheDirectory(environment),
    keeper: () => (keeper ??= ServerKeeper.start()),
    say: options.say ?? ((line) => void process.stderr.write(`test programs: ${line}\n`)),
  });
  await (await keeper)?.close();
  const path =
    reason === undefined ? await findExecutable(name, environment, ["/usr/bin", ...systemDirectories]) : undefined;
  if (path !== undefined) return { kind: "found", path };
  return {
    kind: "missing",
    name,
    reasons: [
      { source: "PATH", reason: `no ${name} on PATH` },
      { source: "apt-get install", reason: reason ?? `${debianPackages[name]} brought no ${name}` },
    ],
    wasAskedFor: false,
    remedy: `Put ${name} on PATH, or set ${programVariable(name)} to its path.`,
  };
}
