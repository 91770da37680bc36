import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, cp, glob, mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { validate } from "dockerfile-utils";
import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IJob } from "kubernetes-models/batch/v1";
import type { IConfigMap } from "kubernetes-models/v1";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";

import { testServer } from "@holdpoint/test-servers";
import { postToSocket } from "../../packages/actors/test/post-to-socket.ts";
import { apiTokenDigest } from "../../packages/inbox/src/index.ts";
import { findFreePorts } from "../../tooling/servers/src/free-ports.ts";
import { asyncActorSchema, composeDeployment } from "./async-actor.ts";
import type { ExampleServer } from "./example-servers.ts";
import { exampleServers } from "./example-servers.ts";
import type { ImageTree } from "./image-tree.ts";
import { argumentsOf, buildImageTree, imageDirectory, readStages, repository } from "./image-tree.ts";
import type { Manifest } from "./manifests.ts";
import { readManifests } from "./manifests.ts";
import type { PodProcess } from "./pod-process.ts";
import { imageUser, runProbe, startPod } from "./pod-process.ts";
import { readSetupPage, runSetupPage } from "./setup-page.ts";

interface Package {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What is used of compose.yaml. */
interface Compose {
  readonly services: Readonly<
    Record<
      "inbox" | "inbox-port",
      { readonly command: readonly string[]; readonly volumes?: unknown; readonly ports?: unknown }
    >
  >;
}

let tree: ImageTree;
beforeAll(async () => {
  tree = await buildImageTree();
}, 600_000);
afterAll(async () => {
  await tree?.[Symbol.asyncDispose]();
});

async function readPackage(file: string): Promise<Package> {
  return JSON.parse(await readFile(join(repository, file), "utf8")) as Package;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "pod-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  // The actors run as another user.
  await chmod(directory, 0o755);
  return directory;
}

describe("the Dockerfile", () => {
  it("has nothing that a builder would complain about", async () => {
    expect(validate(await readFile(join(repository, "Dockerfile"), "utf8"))).toEqual([]);
  });

  it("begins with the version of Node that the tests run on, and ends as another user than root", async () => {
    const [build = [], holdpoint = [], ...programs] = await readStages();
    const { devDependencies } = await readPackage("package.json");
    for (const [from] of [build, holdpoint]) {
      expect(from && argumentsOf(from)[0]).toBe(`node:${devDependencies?.["node"] ?? ""}-slim`);
    }
    const user = holdpoint.findLast((instruction) => instruction.getKeyword() === "USER");
    expect(user && argumentsOf(user)).toEqual([`${imageUser}:${imageUser}`]);
    const copies = holdpoint.filter((instruction) => instruction.getKeyword() === "COPY");
    expect(copies.map((instruction) => instruction.toString())).toEqual([
      `COPY --from=build ${imageDirectory} ${imageDirectory}`,
    ]);
    // Nothing else differs between the images but what runs in them; the last is the one without a target.
    expect(programs.map((stage) => stage.map((instruction) => instruction.toString()))).toEqual([
      ["FROM holdpoint AS state-proxy", 'CMD ["state-proxy"]'],
      ["FROM holdpoint", 'CMD ["x-pause"]'],
    ]);
  });

  it("is given nothing that may hold a secret, and nothing that was built elsewhere", async () => {
    const ignored = (await readFile(join(repository, ".dockerignore"), "utf8")).trim().split("\n");
    expect(ignored).toEqual(expect.arrayContaining(["**/.env*", "**/.npmrc", "**/node_modules", "**/dist"]));
    // The tests read these patterns as globs, which holds as long as none is an exception.
    expect(ignored.join("")).toMatch(/^[\w*/.]+$/u);
  });
});

describe("the image's files", () => {
  it("are the packages and what they need at run time", async () => {
    const manifests = await Array.fromAsync(glob("{.,packages/*,tooling/*}/package.json", { cwd: repository }));
    const packages = await Promise.all(manifests.map(readPackage));
    const needed = new Set(packages.flatMap(({ dependencies }) => Object.keys(dependencies ?? {})));
    const development = packages.flatMap(({ devDependencies }) => Object.keys(devDependencies ?? {}));
    const unwanted = development.filter((name) => !needed.has(name) && !name.startsWith("@holdpoint/"));
    expect(unwanted.length).toBeGreaterThan(10);
    const present = (name: string): boolean => existsSync(join(tree.path, "node_modules", name));
    expect([...unwanted, "@holdpoint/conformance", "@holdpoint/test-servers"].filter(present)).toEqual([]);
    const image = await readPackage("tooling/image/package.json");
    const wanted = Object.keys(image.dependencies ?? {});
    expect(wanted.filter((name) => !present(name))).toEqual([]);
  });

  it("hold no test, no key, and no trace of the machine that built them", async () => {
    const all = await Array.fromAsync(glob("**", { cwd: tree.path }));
    const own = all.filter((file) => file.startsWith("node_modules/@holdpoint/"));
    expect(own.length).toBeGreaterThan(100);
    expect(own.filter((file) => /\.test\.|\/test\/|\.tsbuildinfo$/u.test(file))).toEqual([]);
    const texts = own.filter((file) => /\.(?:json|js|ts|map)$/u.test(file)).map((file) => join(tree.path, file));
    const namesItsOrigin = async (file: string): Promise<boolean> =>
      (await readFile(file, "utf8")).includes(dirname(tree.path));
    expect(texts.length).toBeGreaterThan(100);
    expect(await Promise.all(texts.map(namesItsOrigin))).not.toContain(true);
    expect((await readdir(tree.path)).toSorted()).toEqual([
      "holdpoint",
      "node_modules",
      "state-proxy",
      "x-pause",
      "x-resume",
    ]);
    expect(all.filter((file) => /\.(?:pem|key|p12|env)$|\.npmrc$|id_rsa|\.git$|pnpm-|\.pnpm/u.test(file))).toEqual([]);
    const sizes = await Promise.all(all.map(async (file) => (await stat(join(tree.path, file))).size));
    const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
    process.stdout.write(
      `The image's own files: ${all.length} with ${megabytes.toFixed(0)} MB, beside the base image.\n`,
    );
    expect(megabytes).toBeLessThan(150);
  });
});

const manifests = await readManifests("deploy/{deployments,examples,migration}/**/*.yaml");
const inboxManifests = await readManifests("deploy/inbox/**/*.yaml");
const inExample = (example: string): readonly Manifest[] =>
  manifests.filter(({ file }) => file.startsWith(`deploy/examples/${example}/`)).map(({ manifest }) => manifest);
const plainDeployments = manifests
  .filter(({ file }) => file.startsWith("deploy/deployments/"))
  .map(({ manifest }) => manifest);

/** The two ways in which an example is deployed: its actors through the composition, or as plain Deployments. */
function deploymentsOf(example: string, way: "AsyncActor" | "Deployment"): readonly (Manifest & IDeployment)[] {
  const ours = inExample(example).filter(({ kind }) => kind === way);
  if (way === "AsyncActor") {
    return ours.map((actor) => composeDeployment(v.parse(asyncActorSchema, actor)) as Manifest & IDeployment);
  }
  return (ours.length > 0 ? ours : plainDeployments) as readonly (Manifest & IDeployment)[];
}

/** What the inbox needs beside an example's actors. */
function inboxOf(example: string): readonly Manifest[] {
  const file = example === "volume" ? "deploy/inbox/volume/inbox.yaml" : "deploy/inbox/inbox.yaml";
  return inboxManifests.filter((each) => each.file === file).map(({ manifest }) => manifest);
}

/** The ConfigMap of an inbox with other settings. */
function withInboxConfig(manifest: Manifest, settings: object): Manifest & Pick<IConfigMap, "data"> {
  const { data } = manifest as Manifest & Pick<IConfigMap, "data">;
  const config = { ...(JSON.parse(data?.["inbox.json"] ?? "") as object), ...settings };
  return { ...manifest, data: { "inbox.json": JSON.stringify(config) } };
}

/** An example's manifest, for the server that stands in for the one that it names. */
function adapt<Type extends Manifest>(manifest: Type, { addresses, files }: ExampleServer): Type {
  return JSON.parse(JSON.stringify(manifest), (key, part: unknown) => {
    if (typeof part !== "string") return part;
    // The name of a file is that of a field.
    if (Object.hasOwn(files, key)) return files[key];
    return Object.entries(addresses).reduce((text, [from, to]) => text.replaceAll(from, to), part);
  }) as Type;
}

interface Cluster {
  readonly example: string;
  readonly server: ExampleServer;
  /** Where its pods keep what they share. */
  readonly claims: string;
}

async function start(
  deployment: Manifest & (IDeployment | IJob),
  { example, server, claims }: Cluster,
  environment: Readonly<Record<string, string>> = {},
  others: readonly Manifest[] = [],
): Promise<PodProcess> {
  const pod = await startPod(adapt(deployment, server).spec?.template ?? {}, {
    objects: [...inExample(example).map((manifest) => adapt(manifest, server)), ...others],
    tree,
    directory: await temporaryDirectory(),
    claims,
    environment: { ...server.environment, ...environment },
  });
  onTestFinished(async () => {
    pod.process.kill("SIGKILL");
    await pod.ended;
  });
  return pod;
}

/** Starts both actors of an example. */
async function startBoth(
  cluster: Cluster,
  way: "AsyncActor" | "Deployment",
): Promise<readonly [PodProcess, PodProcess]> {
  const pods = deploymentsOf(cluster.example, way).map(async (deployment) => {
    const pod = await start(deployment, cluster);
    if (!(await pod.ready)) throw new Error(await pod.output);
    return pod;
  });
  const [pause, resume, ...others] = await Promise.all(pods);
  if (pause === undefined || resume === undefined || others.length > 0) throw new Error("There are not two actors.");
  return [pause, resume];
}

const draft = { analysis: "fine", review: { by: "Ann" } };

async function answer(pod: PodProcess, envelope: object): Promise<Record<string, unknown>> {
  const { body } = await postToSocket(pod.socketPath, envelope);
  return JSON.parse(body) as Record<string, unknown>;
}

/** Pauses a task; returns its id. */
async function pauseTask(pause: PodProcess): Promise<string> {
  const id = `task-${crypto.randomUUID()}`;
  const route = { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] };
  const paused = await answer(pause, { id, route, payload: draft });
  const prompt = "Review this analysis before proceeding";
  expect(paused).toMatchObject({ frames: [{ headers: { "x-asya-pause": { prompt } } }] });
  return id;
}

async function resumeTask(resume: PodProcess, id: string): Promise<void> {
  const common = { route: { prev: [], curr: "x-resume", next: [] }, headers: { "x-asya-resume-task": id } };
  const resumed = await answer(resume, { ...common, id: "answer-1", payload: { approved: true, notes: "good" } });
  const payload = { analysis: "fine", approved: true, review: { by: "Ann", notes: "good" } };
  expect(resumed).toMatchObject({ frames: [{ payload, route: { curr: "summarizer", next: [] } }] });
  const refused = await answer(resume, { ...common, id: "answer-2", payload: { approved: false } });
  // What the manifests list as errors that another attempt cannot help.
  expect(refused).toMatchObject({ details: { mro: ["AlreadyResumedError", "LedgerError", "Error"] } });
}

async function pauseAndResume(pause: PodProcess, resume: PodProcess): Promise<void> {
  await resumeTask(resume, await pauseTask(pause));
}

const mistakes = [
  {
    example: "volume",
    mistake: "the volume is not mounted",
    environment: { ASYA_PERSISTENCE_MOUNT: "/not-mounted" },
    expected: ["ASYA_PERSISTENCE_MOUNT", "state mount not found"],
  },
  {
    example: "volume",
    mistake: "nothing says where to keep messages",
    environment: { ASYA_PERSISTENCE_MOUNT: "" },
    expected: ["ASYA_CHECKPOINT_STORE or ASYA_PERSISTENCE_MOUNT"],
  },
  {
    example: "s3-irsa",
    mistake: "the bucket does not exist",
    environment: { ASYA_CHECKPOINT_STORE: "s3://another-bucket?region=us-east-1" },
    expected: ["ASYA_CHECKPOINT_STORE", "another-bucket"],
  },
  {
    example: "minio",
    mistake: "the secret key is wrong",
    environment: { MINIO_SECRET_KEY: "hunter2" },
    expected: ["ASYA_CHECKPOINT_STORE", "SignatureDoesNotMatch"],
  },
  {
    example: "gcs-workload-identity",
    mistake: "the bucket does not exist",
    environment: { ASYA_CHECKPOINT_STORE: "gs://another-bucket" },
    expected: ["ASYA_CHECKPOINT_STORE", "another-bucket"],
  },
  {
    example: "redis",
    mistake: "the password is wrong",
    environment: { REDIS_PASSWORD: "hunter2" },
    expected: ["ASYA_CHECKPOINT_STORE", "refused the user name or the password"],
  },
  {
    example: "nats",
    mistake: "the credentials are not mounted",
    environment: { NATS_CREDS_FILE: "/not-mounted/nats.creds" },
    expected: ["ASYA_CHECKPOINT_STORE", "/not-mounted/nats.creds"],
  },
];

const nothing: ExampleServer = { addresses: {}, files: {}, environment: {}, close: async () => {} };

describe("the image", () => {
  it("starts without a place to write to but its volumes, is ready when it says so, and ends when told to", async () => {
    const cluster = { example: "volume", server: nothing, claims: await temporaryDirectory() };
    const [pause, resume] = await startBoth(cluster, "Deployment");
    const container = deploymentsOf("volume", "Deployment")[0]?.spec?.template.spec?.containers[0];
    if (container === undefined) throw new Error("There is no container.");
    expect((await stat(pause.socketPath)).isSocket()).toBe(true);
    expect(await runProbe(container, pause)).toBe(0);
    await pauseAndResume(pause, resume);
    for (const { process: child, socketPath, readyPath, output, ended } of [pause, resume]) {
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
      expect(await output).toContain('"event":"stopped"');
      expect([existsSync(socketPath), existsSync(readyPath)]).toEqual([false, false]);
    }
    expect(await runProbe(container, pause)).not.toBe(0);
  });

  it("needs no more memory than its manifests ask for", async () => {
    const server = await exampleServers["s3-irsa"]?.("");
    // The client of S3 is the largest; Linux tells what a process takes.
    if (server === undefined || !existsSync("/proc/self/status")) return;
    const cluster = { example: "s3-irsa", server, claims: "" };
    const [pause, resume] = await startBoth(cluster, "Deployment");
    await pauseAndResume(pause, resume);
    const status = await readFile(`/proc/${pause.process.pid ?? 0}/status`, "utf8");
    const mebibytes = Number(/^VmRSS:\s+(\d+) kB/mu.exec(status)?.[1]) / 1024;
    process.stdout.write(`x-pause on S3 takes ${mebibytes.toFixed(0)} MiB after one message.\n`);
    const { requests } = deploymentsOf("s3-irsa", "Deployment")[0]?.spec?.template.spec?.containers[0]?.resources ?? {};
    expect(mebibytes).toBeLessThan(Number.parseInt(String(requests?.["memory"]), 10));
  });
});

const examples = Object.entries(exampleServers).map(([example, openServer]) => ({ example, openServer }));

describe.each(examples)("the example $example", ({ example, openServer }) => {
  let directory: string;
  let server: ExampleServer | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "server-"));
    server = await openServer?.(directory);
  });
  afterAll(async () => {
    await server?.close();
    await rm(directory, { recursive: true });
  });

  it.for(["AsyncActor", "Deployment"] as const)("pauses and resumes a task as a pair of %ss", async (way, { skip }) => {
    if (server === undefined) return skip("its server could not be had");
    const [pause, resume] = await startBoth({ example, server, claims: await temporaryDirectory() }, way);
    await expect(pauseAndResume(pause, resume)).resolves.toBeUndefined();
  });

  it("has the inbox beside its actors, on the same store", async ({ skip }) => {
    if (server === undefined) return skip("its server could not be had");
    const [port = 0] = await findFreePorts(1);
    const url = `http://127.0.0.1:${port}/`;
    const token = "a-token-of-a-program-that-may-ask";
    const proxy = {
      peers: ["127.0.0.1"],
      userHeader: "x-user",
      groupsHeader: "x-groups",
      issuer: "https://proxy.example",
    };
    const apiTokens = [{ digest: apiTokenDigest(token), person: "agent", scopes: ["ask"], labels: ["team=*"] }];
    const objects = inboxOf(example).map((manifest) =>
      manifest.kind === "ConfigMap"
        ? withInboxConfig(manifest, { url, port, openid: undefined, proxy, apiTokens })
        : manifest,
    );
    const inbox = objects.find(({ kind }) => kind === "Deployment") as Manifest & IDeployment;
    const cluster = { example, server, claims: await temporaryDirectory() };
    const [pause, resume] = await startBoth(cluster, "Deployment");
    const id = await pauseTask(pause);
    const pod = await start(inbox, cluster, {}, objects);
    const look = async (): Promise<unknown> =>
      await fetch(url, { redirect: "manual" }).then(({ status }) => status, String);
    await expect.poll(look, { timeout: 60_000 }).toBe(303);

    const authorization = `Bearer ${token}`;
    const body = JSON.stringify({ id: `hold-of-${id}`, ask: { message: "Refund 5000?" }, labels: { team: "billing" } });
    const asked = await fetch(`${url}api/v1/holds`, { method: "POST", headers: { authorization }, body });
    expect(asked.status).toBe(201);
    const headers = { "x-user": "ada", "x-groups": "platform" };
    const page = async (path: string): Promise<string> => await (await fetch(`${url}${path}`, { headers })).text();
    expect(await page(`hold?id=hold-of-${id}`)).toContain("Refund 5000?");
    expect(await page(`task?id=${id}`)).toContain("Review this analysis before proceeding");
    await resumeTask(resume, id);
    expect(await page(`task?id=${id}`)).toContain("Answered");
    pod.process.kill("SIGTERM");
    expect(await pod.ended).toBe(0);
  });

  it("has nothing that doctor calls a problem, in the pod's own environment", async ({ skip }) => {
    if (server === undefined) return skip("its server could not be had");
    const [deployment] = deploymentsOf(example, "Deployment");
    const doctor = JSON.parse(
      JSON.stringify(deployment).replace(`"${imageDirectory}/x-pause"`, `"${imageDirectory}/holdpoint","doctor"`),
    ) as Manifest & IDeployment;
    const pod = await start(doctor, { example, server, claims: await temporaryDirectory() });
    const output = await pod.output;
    expect(output).toMatch(/^ok +round trip/mu);
    expect(output).toContain("problems: 0,");
    expect(await pod.ended).toBe(0);
  });

  it.for(mistakes.filter((mistake) => mistake.example === example))(
    "says at the start what is wrong where $mistake",
    async ({ environment, expected }, { skip }) => {
      if (server === undefined) return skip("its server could not be had");
      const [deployment] = deploymentsOf(example, "AsyncActor");
      if (deployment === undefined) throw new Error("There is no actor.");
      const claims = await temporaryDirectory();
      const pod = await start(deployment, { example, server, claims }, environment);
      expect(await pod.ready).toBe(false);
      expect(await pod.ended).toBe(78);
      const output = await pod.output;
      expect(output).toContain("x-pause cannot start. ");
      for (const part of expected) expect(output).toContain(part);
      for (const secret of ["change-me", "minioadmin", "hunter2"]) expect(output).not.toContain(secret);
      expect(output).not.toMatch(/^\s+at /mu);
    },
  );
});

it("moves the paused tasks of a volume to another store with the Job", async ({ skip }) => {
  const server = await exampleServers["minio"]?.("");
  if (server === undefined) return skip("its server could not be had");
  const claims = await temporaryDirectory();
  const [pause] = await startBoth({ example: "volume", server: nothing, claims }, "AsyncActor");
  const id = await pauseTask(pause);
  const job = manifests.find(({ manifest }) => manifest.kind === "Job")?.manifest as Manifest & IJob;
  const claim = inExample("volume").filter(({ kind }) => kind === "PersistentVolumeClaim");
  const copy = await start(job, { example: "minio", server, claims }, {}, claim);
  expect({ code: await copy.ended, output: await copy.output }).toMatchObject({ code: 0 });
  const [, resume] = await startBoth({ example: "minio", server, claims }, "Deployment");
  await resumeTask(resume, id);
});

it("serves the inbox of compose.yaml on its Redis, with questions to answer", async ({ skip }) => {
  const redis = testServer("redis");
  if (redis.isMissing) return skip("its server could not be had");
  const { services } = parse(await readFile(join(repository, "compose.yaml"), "utf8")) as Compose;
  const { inbox, "inbox-port": way } = services;
  expect(inbox.volumes).toEqual([`./demo:${imageDirectory}/demo:ro`]);
  const directory = await temporaryDirectory();
  await cp(join(repository, "demo"), join(directory, "demo"), { recursive: true });
  await symlink(join(tree.path, "node_modules"), join(directory, "node_modules"));

  const [port = 0, outside = 0] = await findFreePorts(2);
  const environment = { PATH: `${tree.binaries}:/usr/bin:/bin`, HOME: "/nonexistent" };
  const run = ([program = "", ...parameters]: readonly string[]) => {
    const child = spawn(program, parameters, {
      cwd: directory,
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const here = (part: string): string =>
    part
      .replace("redis://redis:6379/0", `${redis.url}/0?prefix=compose-${port}`)
      .replace("4310", String(port))
      .replace("4311", String(outside));
  expect(way.ports).toEqual(["127.0.0.1:4310:4311"]);
  run(way.command.map(here));
  const served = run([...inbox.command.map(here), "--port", String(port)]);
  let said = "";
  served.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 60_000 }).toMatch(/login\?token=\S+/u);
  const token = /token=(\S+)/u.exec(said)?.[1] ?? "";
  // Where the host's port is the inbox's own, as in compose.yaml, its name is the inbox's too.
  const login = request({ port: outside, path: "/login", method: "POST", headers: { host: `127.0.0.1:${port}` } });
  login.end(new URLSearchParams({ token }).toString());
  const [response] = (await once(login, "response")) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(303);
  served.kill("SIGTERM");
  expect(await once(served, "close")).toEqual([0, null]);
});

describe("the setup page", () => {
  it("holds commands that do what it says", async () => {
    const build = "sh scripts/build-image-tree.sh /tmp/holdpoint\n";
    const page = await readSetupPage();
    expect(page).toContain(build);
    const directory = await temporaryDirectory();
    // The files are there already.
    const replacements = { [build]: "", "/tmp/holdpoint": tree.path, "/tmp/try": directory };
    const { code, output } = await runSetupPage(page, { ...replacements, [`rm -r ${directory}`]: "" });
    for (const part of [
      '"x-asya-pause":{"prompt":"Task paused","fields":[]}',
      "task-1  waits for an answer",
      '"payload":{"analysis":"fine","approved":true}',
      'task-1  resumed by "answer-1"',
      "Complete: ",
      'ASYA_PERSISTENCE_MOUNT: found "',
      "state mount not found",
      'There is no task "task-9"',
    ]) {
      expect(output).toContain(part);
    }
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it("names files that exist", async () => {
    const page = await readSetupPage();
    const files = new Set(page.match(/\b(?:deploy|scripts)\/(?!helm-charts|x-)[\w/.-]*\w/gu));
    expect(files.size).toBeGreaterThan(8);
    expect([...files].filter((file) => !existsSync(join(repository, file)))).toEqual([]);
  });
});
