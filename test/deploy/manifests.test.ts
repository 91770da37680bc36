import { execFile } from "node:child_process";
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

import { Deployment } from "kubernetes-models/apps/v1";
import type { IDeployment } from "kubernetes-models/apps/v1";
import { Job } from "kubernetes-models/batch/v1";
import { ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount } from "kubernetes-models/v1";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { asyncActorSchema, composeDeployment } from "./async-actor.ts";
import { imageDirectory, repository } from "./image-tree.ts";
import type { Manifest, ManifestInFile } from "./manifests.ts";
import { leastRights, readManifests } from "./manifests.ts";

const execute = promisify(execFile);
const models = { Deployment, Job, ConfigMap, Secret, Service, ServiceAccount, PersistentVolumeClaim };
const modules = { Deployment: "apps/v1", Job: "batch/v1" } as Readonly<Record<string, string>>;

const written = await readManifests("deploy/{deployments,examples,inbox,migration}/**/*.yaml");
const isActor = ({ kind }: Manifest): boolean => kind === "AsyncActor";
/** What reaches the cluster: of an actor, what the composition makes of it. */
const effective = written.map(({ file, manifest }) => ({
  file,
  manifest: isActor(manifest)
    ? (composeDeployment(v.parse(asyncActorSchema, manifest)) as Manifest & IDeployment)
    : manifest,
}));
const isInbox = ({ file }: ManifestInFile): boolean => file.startsWith("deploy/inbox/");
const deployments = written.filter((each) => each.manifest.kind === "Deployment" && !isInbox(each)) as readonly {
  readonly file: string;
  readonly manifest: Manifest & IDeployment;
}[];

// In the repository, so that imports are found; git ignores it.
const directory = join(import.meta.dirname, ".examples");
beforeAll(() => mkdir(directory, { recursive: true }));
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("every manifest", () => {
  it.each(written.map(({ file, manifest }) => [file, manifest.kind, manifest.metadata.name, manifest] as const))(
    "%s: %s %s has the fields of its kind",
    (_file, kind, _name, manifest) => {
      if (isActor(manifest)) v.parse(asyncActorSchema, manifest);
      else expect(Object.keys(models)).toContain(kind);
    },
  );

  it.each(effective.map(({ file, manifest }) => [file, manifest.kind, manifest.metadata.name, manifest] as const))(
    "%s: %s %s has values that Kubernetes takes",
    (_file, kind, _name, manifest) => {
      const model = new models[kind as keyof typeof models](manifest);
      expect(() => model.validate()).not.toThrow();
    },
  );

  it("has no field that Kubernetes does not know", async () => {
    // The schemas allow any additional field; the types made of the same API do not.
    const lines = effective.map(({ file, manifest }, index) => {
      const { kind } = manifest;
      const from = `kubernetes-models/${modules[kind] ?? "v1"}`;
      return `// ${file}\nexport const manifest${index}: import("${from}").I${kind} = ${JSON.stringify(manifest, null, 2)};`;
    });
    await writeFile(join(directory, "manifests.ts"), lines.join("\n"));
    await writeFile(join(directory, "tsconfig.json"), '{ "extends": "../../../tsconfig.json", "include": ["*.ts"] }');
    const { stdout } = await execute("tsc", ["-p", directory]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  it("of both actors differs in nothing but what is theirs", () => {
    const own = new Set(["ASYA_PAUSE_METADATA", "ASYA_RESUME_MERGE_MODE"]);
    const comparable = (manifest: Manifest): unknown => {
      const text = JSON.stringify(manifest).replaceAll(/x([-_])(?:pause|resume)/gu, "x$1actor");
      return JSON.parse(text, (_key, value: unknown) =>
        Array.isArray(value) ? value.filter((each: { name?: string }) => !own.has(each.name ?? "")) : value,
      );
    };
    const named = (name: string) => effective.filter(({ manifest }) => manifest.metadata.name === name);
    expect(named("x-pause").length).toBeGreaterThan(7);
    expect(named("x-resume").map(({ manifest }) => comparable(manifest))).toEqual(
      named("x-pause").map(({ manifest }) => comparable(manifest)),
    );
  });
});

describe.each(deployments.map(({ file, manifest }) => [manifest.metadata.name, file, manifest] as const))(
  "the Deployment %s of %s",
  (name, _file, { spec }) => {
    const pod = spec?.template.spec;
    const [actor, sidecar] = pod?.containers ?? [];

    it("starts the actor beside the sidecar, with the same socket directory", () => {
      expect(actor?.command).toEqual([`${imageDirectory}/${name}`]);
      expect(sidecar?.name).toBe("asya-sidecar");
      const shared = { name: "socket-dir", mountPath: "/var/run/asya" };
      expect(actor?.volumeMounts).toContainEqual(shared);
      expect(sidecar?.volumeMounts).toContainEqual(shared);
      expect(pod?.volumes).toContainEqual({ name: "socket-dir", emptyDir: {} });
      const variables = sidecar?.env?.map((each) => each.name);
      expect(variables).toEqual(expect.arrayContaining(["ASYA_ACTOR_NAME", "ASYA_NAMESPACE", "ASYA_TRANSPORT"]));
      expect(sidecar?.env).toContainEqual({ name: "ASYA_ACTOR_NAME", value: name });
    });

    it("asks for what the sidecar waits for", () => {
      const script = "test -S /var/run/asya/asya-runtime.sock && test -f /var/run/asya/runtime-ready";
      for (const probe of [actor?.startupProbe, actor?.readinessProbe, actor?.livenessProbe]) {
        expect(probe?.exec?.command).toEqual(["sh", "-c", script]);
      }
    });

    it("gives the message in hand its time", async () => {
      const readme = await readFile(join(repository, "packages/actors/README.md"), "utf8");
      const graceSeconds = Number(/at most (\d+) seconds \(`shutdownGraceMs`\)/u.exec(readme)?.[1]);
      const [sleep, seconds] = actor?.lifecycle?.preStop?.exec?.command ?? [];
      expect(sleep).toBe("sleep");
      expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + graceSeconds);
    });

    it("runs with the least rights, as the user of the image", () => {
      expect(actor?.securityContext).toEqual(leastRights);
      expect(pod?.securityContext?.fsGroup).toBe(1000);
    });

    it("shows a start error in `kubectl describe`", () => {
      expect(actor?.terminationMessagePolicy).toBe("FallbackToLogsOnError");
    });
  },
);

describe("the examples", () => {
  it("for a volume differ from the other Deployments in the volume alone", () => {
    const withoutVolumes = ({ manifest }: { readonly manifest: Manifest & IDeployment }): unknown =>
      JSON.parse(JSON.stringify(manifest), (key, value: unknown) =>
        key === "volumes" || key === "volumeMounts" ? undefined : value,
      );
    const [plain, volume] = ["deploy/deployments", "deploy/examples/volume"].map((prefix) =>
      deployments.filter(({ file }) => file.startsWith(prefix)).map(withoutVolumes),
    );
    expect(volume).toEqual(plain);
    expect(volume).toHaveLength(2);
  });

  it("can be applied folder by folder", async () => {
    const folders = Object.groupBy(written, ({ file }) => dirname(file));
    for (const [folder = "", objects = []] of Object.entries(folders)) {
      // `kubectl apply -f` takes all of these.
      const files = await Array.fromAsync(glob("*.{yaml,yml,json}", { cwd: join(repository, folder) }));
      expect(new Set(objects.map(({ file }) => basename(file)))).toEqual(new Set(files));
      const actors = objects.map(({ manifest }) => manifest).filter(({ kind }) => /AsyncActor|Deployment/u.test(kind));
      expect(new Set(actors.map(({ metadata }) => metadata.name)).size).toBe(actors.length);
    }
  });

  it("name one image", async () => {
    const images = JSON.stringify(written).match(/"image":"[^"]*holdpoint[^"]*"/gu);
    expect(new Set(images)).toEqual(new Set(['"image":"registry.example.com/holdpoint:0.0.0"']));
    expect(await readFile(join(repository, "Dockerfile"), "utf8")).toContain("registry.example.com/holdpoint:0.0.0");
  });

  it("grant on S3 what the setup guide grants, and listing as an option", async () => {
    const text = await readFile(join(repository, "deploy/examples/s3-irsa/iam/policy.json"), "utf8");
    const { Version, Statement } = JSON.parse(text) as { Version: string; Statement: readonly object[] };
    expect(Version).toBe("2012-10-17");
    expect(Statement).toEqual([
      expect.objectContaining({
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        Resource: "arn:aws:s3:::asya-checkpoints/*",
      }),
      expect.objectContaining({ Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::asya-checkpoints" }),
    ]);
  });
});

it("switches the chart's own actors off", async () => {
  const values: unknown = parse(await readFile(join(repository, "deploy/crew-values.yaml"), "utf8"));
  expect(values).toEqual({ "x-pause": { enabled: false }, "x-resume": { enabled: false } });
});
