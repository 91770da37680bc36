import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { chown, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

import type { IContainer, IEnvFromSource, IEnvVar, IPodTemplateSpec, IVolume } from "kubernetes-models/v1";

import type { ImageTree } from "./image-tree.ts";
import { imageDirectory } from "./image-tree.ts";
import type { Manifest } from "./manifests.ts";

/** Who runs the actors in the image: the Dockerfile's USER. */
export const imageUser = 1000;

const socketDirectory = "/var/run/asya";

/** What {@link startPod} needs beside the pod's template. */
export interface PodSurroundings {
  /** What else there is in the cluster. */
  readonly objects: readonly Manifest[];
  /** The files of the image. */
  readonly tree: ImageTree;
  /** An empty directory for the pod's own volumes. */
  readonly directory: string;
  /** A directory for those that pods share, each under the name of its claim. */
  readonly claims: string;
  /** Variables that the platform would inject. @default none */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** A container that runs on this machine. */
export interface PodProcess {
  readonly process: ChildProcess;
  readonly socketPath: string;
  readonly readyPath: string;
  /** Everything it has written, once it has ended. */
  readonly output: Promise<string>;
  /** Whether it became ready as an actor; `false` if it has ended instead. */
  readonly ready: Promise<boolean>;
  /** Its exit code. */
  readonly ended: Promise<unknown>;
}

/** Starts the first container of a pod as the kubelet would, as the image's user where that is allowed. */
export async function startPod(template: IPodTemplateSpec, surroundings: PodSurroundings): Promise<PodProcess> {
  const { tree } = surroundings;
  const container = template.spec?.containers[0];
  if (container === undefined) throw new Error("The pod has no container.");
  await mountVolumes(container, template.spec?.volumes ?? [], surroundings);
  const onThisMachine = (value: string): string => withLocalPaths(value, container, surroundings.directory);
  const resolved = Object.entries(resolveEnvironment(container, surroundings.objects));
  const environment: Record<string, string> = {
    PATH: `${tree.path}:${tree.binaries}:/usr/bin:/bin`,
    NODE_ENV: "production",
    // As far as the process can tell, there is nothing that it may write to.
    HOME: "/nonexistent",
    TMPDIR: "/nonexistent",
    ...Object.fromEntries(resolved.map(([name, value]) => [name, onThisMachine(value)])),
    ...surroundings.environment,
  };
  // https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
  const expand = (part: string): string =>
    part.replaceAll(/\$\((\w+)\)/gu, (_, name: string) => environment[name] ?? "");
  const [command = "", ...parameters] = (container.command ?? []).map((part) => onThisMachine(expand(part)));
  const identity = process.getuid?.() === 0 ? { uid: imageUser, gid: imageUser } : {};
  const child = spawn(command.replace(imageDirectory, tree.path), parameters, {
    cwd: tree.path,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
  const shared = onThisMachine(socketDirectory);
  const readyPath = join(shared, "runtime-ready");
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((parts) => parts.join(""));
  const socketPath = join(shared, "asya-runtime.sock");
  const ended = once(child, "close").then(([code]: unknown[]) => code);
  return { process: child, socketPath, readyPath, output, ready: becomesReady(child, readyPath), ended };
}

/** Runs a container's probe where the pod runs; resolves to its exit code. */
export async function runProbe(container: IContainer, { socketPath }: PodProcess): Promise<unknown> {
  const [command = "", ...parameters] = container.readinessProbe?.exec?.command ?? [];
  const here = parameters.map((each) => each.replaceAll(socketDirectory, dirname(socketPath)));
  const probe = spawn(command, here);
  const [code] = (await once(probe, "close")) as unknown[];
  return code;
}

async function becomesReady(child: ChildProcess, readyPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once("close", () => resolve(false));
  child.once("error", () => resolve(false));
  // Only actors share a directory with a sidecar.
  if (!existsSync(dirname(readyPath))) return await promise;
  const watcher = watch(dirname(readyPath), () => {
    if (existsSync(readyPath)) resolve(true);
  });
  return await promise.finally(() => watcher.close());
}

function withLocalPaths(value: string, container: IContainer, directory: string): string {
  const paths = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
  // One may begin with another.
  const path = paths.toSorted((left, right) => right.length - left.length).find((each) => value.includes(each));
  return path === undefined ? value : value.replaceAll(path, join(directory, path));
}

async function mountVolumes(
  container: IContainer,
  volumes: readonly IVolume[],
  { directory, claims, objects }: PodSurroundings,
): Promise<void> {
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const path = join(directory, mountPath);
    const volume = volumes.find((each) => each.name === name);
    if (volume === undefined) throw new Error(`There is no volume ${name}.`);
    const { emptyDir, persistentVolumeClaim: claim, secret, configMap } = volume;
    if (emptyDir !== undefined) await makeWritable(path);
    if (claim !== undefined) {
      const isThere = objects.some((each) => each.metadata.name === claim.claimName && each.kind.endsWith("Claim"));
      if (!isThere) throw new Error(`There is no claim ${claim.claimName}.`);
      await makeWritable(join(claims, claim.claimName));
      await mkdir(dirname(path), { recursive: true });
      await symlink(join(claims, claim.claimName), path);
    }
    if (secret !== undefined) {
      await writeFiles(path, findValues(objects, "Secret", { name: secret.secretName, optional: secret.optional }));
    }
    if (configMap !== undefined) await writeFiles(path, findValues(objects, "ConfigMap", configMap));
  }
}

async function writeFiles(path: string, files: Values): Promise<void> {
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content);
}

async function makeWritable(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  if (process.getuid?.() === 0) await chown(path, imageUser, imageUser);
}

function resolveEnvironment(container: IContainer, objects: readonly Manifest[]): Readonly<Record<string, string>> {
  const all = (container.envFrom ?? []).map((source) => readSource(source, objects));
  const own = (container.env ?? []).map((variable) => [variable.name, readVariable(variable, objects)] as const);
  return { ...Object.assign({}, ...all), ...Object.fromEntries(own) };
}

function readSource({ configMapRef, secretRef }: IEnvFromSource, objects: readonly Manifest[]): Values {
  if (configMapRef !== undefined) return findValues(objects, "ConfigMap", configMapRef);
  return findValues(objects, "Secret", secretRef);
}

function readVariable({ name, value, valueFrom }: IEnvVar, objects: readonly Manifest[]): string {
  const reference = valueFrom?.secretKeyRef;
  const found = value ?? findValues(objects, "Secret", reference)[reference?.key ?? ""];
  if (found === undefined) throw new Error(`There is no value for ${name}.`);
  return found;
}

type Values = Readonly<Record<string, string>>;

/** What a ConfigMap or a Secret holds. */
function findValues(
  objects: readonly Manifest[],
  kind: "ConfigMap" | "Secret",
  reference: { readonly name?: string | undefined; readonly optional?: boolean | undefined } | undefined,
): Values {
  const found = objects.find((each) => each.kind === kind && each.metadata.name === reference?.name);
  if (found === undefined && reference?.optional !== true) throw new Error(`There is no ${kind} ${reference?.name}.`);
  const { data, stringData } = (found ?? {}) as { readonly data?: Values; readonly stringData?: Values };
  return { ...data, ...stringData };
}
