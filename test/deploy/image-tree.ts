import { execFile } from "node:child_process";
import { chmod, constants, copyFile, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, matchesGlob, relative } from "node:path";
import { promisify } from "node:util";

import type { Instruction } from "dockerfile-ast";
import { DockerfileParser } from "dockerfile-ast";

const execute = promisify(execFile);

/** The repository's own directory. */
export const repository: string = join(import.meta.dirname, "../..");

/** Where the image has the actors. */
export const imageDirectory = "/opt/holdpoint";

/** The instructions of the Dockerfile, stage by stage, each stage beginning with its FROM. */
export async function readStages(): Promise<readonly (readonly Instruction[])[]> {
  const text = await readFile(join(repository, "Dockerfile"), "utf8");
  const stages: Instruction[][] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === "FROM") stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

/** An instruction's arguments as they are written. */
export function argumentsOf(instruction: Instruction): readonly string[] {
  return instruction.getArguments().map((argument) => argument.getValue());
}

/** The files of the image, built elsewhere. */
export interface ImageTree extends AsyncDisposable {
  /** What the image has as {@link imageDirectory}; read-only. */
  readonly path: string;
  /** Where the base image would have Node: within reach of any user. */
  readonly binaries: string;
}

/**
 * Carries out the first stage of the Dockerfile: its COPYs from the repository, as .dockerignore lets them, and its
 * RUNs; with other directories in place of the image's.
 */
export async function buildImageTree(): Promise<ImageTree> {
  const directory = await mkdtemp(join(tmpdir(), "image-"));
  try {
    return await buildIn(directory);
  } catch (error) {
    await rm(directory, { recursive: true });
    throw error;
  }
}

async function buildIn(directory: string): Promise<ImageTree> {
  // The actors run as another user.
  await chmod(directory, 0o755);
  const [source, path] = [join(directory, "source"), join(directory, "holdpoint")];
  await mkdir(source);
  const ignored = (await readFile(join(repository, ".dockerignore"), "utf8")).split("\n").filter(Boolean);
  const [build = []] = await readStages();
  for (const instruction of build) {
    const parts = argumentsOf(instruction);
    if (instruction.getKeyword() === "COPY") {
      const destination = parts.at(-1) ?? "";
      for (const part of parts.slice(0, -1)) {
        await cp(
          join(repository, part),
          join(source, destination.endsWith("/") ? `${destination}${part.split("/").at(-1)}` : destination),
          {
            recursive: true,
            filter: (file) => !ignored.some((pattern) => matchesGlob(relative(repository, file), pattern)),
          },
        );
      }
    } else if (instruction.getKeyword() === "RUN") {
      const command = parts.join(" ").replaceAll(imageDirectory, path);
      const { NODE_OPTIONS: _, ...env } = process.env;
      await execute("sh", ["-c", command], { cwd: source, env }).catch(explainFailure);
    }
  }
  await rm(source, { recursive: true });
  await execute("chmod", ["-R", "a-w", path]);
  const binaries = join(directory, "bin");
  await mkdir(binaries);
  await copyFile(process.execPath, join(binaries, "node"), constants.COPYFILE_FICLONE);
  const dispose = async (): Promise<void> => {
    await execute("chmod", ["-R", "u+w", path]);
    await rm(directory, { recursive: true });
  };
  return { path, binaries, [Symbol.asyncDispose]: dispose };
}

function explainFailure(error: Error & { readonly stdout?: string }): never {
  throw new Error(`${error.stdout}\n${error.message}`, { cause: error });
}
