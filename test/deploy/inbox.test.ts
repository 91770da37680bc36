import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IConfigMap, ISecret } from "kubernetes-models/v1";
import { expect, it, onTestFinished } from "vitest";

import { executable } from "../../packages/cli/test/run-cli.ts";
import { findFreePorts } from "../../tooling/servers/src/free-ports.ts";
import { startProvider } from "../../packages/inbox/test/start-provider.ts";
import { temporaryDirectory } from "../every-store.ts";
import { imageDirectory } from "./image-tree.ts";
import type { Manifest } from "./manifests.ts";
import { leastRights, readManifests } from "./manifests.ts";

const written = await readManifests("deploy/inbox/**/*.yaml");
const manifestsOf = (file: string): readonly Manifest[] =>
  written.filter((each) => each.file === file).map(({ manifest }) => manifest);
const manifests = manifestsOf("deploy/inbox/inbox.yaml");

function manifestOf(kind: string): object | undefined {
  return manifests.find((manifest) => manifest.kind === kind);
}

const container = (manifestOf("Deployment") as IDeployment).spec?.template.spec?.containers[0];
const config = (manifestOf("ConfigMap") as IConfigMap).data?.["inbox.json"] ?? "";
const { stringData: secrets = {} } = manifestOf("Secret") as ISecret;

it("on a volume differs in the volume alone", () => {
  const withoutVolumes = (objects: readonly Manifest[]): unknown =>
    JSON.parse(JSON.stringify(objects), (_key, value: unknown) =>
      Array.isArray(value)
        ? value.filter((each: { name?: string }) => !["state", "store-files"].includes(each.name ?? ""))
        : value,
    );
  expect(withoutVolumes(manifestsOf("deploy/inbox/volume/inbox.yaml"))).toEqual(withoutVolumes(manifests));
});

it("runs with the least rights, as the user of the image", () => {
  expect(container?.securityContext).toEqual(leastRights);
});

it("listens at the port that the Service asks for", () => {
  const { port } = JSON.parse(config) as { readonly port: number };
  expect(container?.ports).toEqual([{ name: "http", containerPort: port }]);
});

it("serves as it stands, for people who log in at the provider", { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${port}/`;
  await using provider = await startProvider(`${url}login/callback`);
  const here = config
    .replace("https://inbox.example.com/", url)
    .replace("https://login.example.com", provider.issuer)
    .replace('"port": 4310', `"port": ${port}`);
  const file = join(directory.path, "inbox.json");
  await writeFile(file, here);

  const [program = "", ...parameters] = container?.command ?? [];
  expect(program).toBe(`${imageDirectory}/holdpoint`);
  const child = spawn(
    process.execPath,
    ["--conditions=source", executable, ...parameters.map((each) => (each.endsWith("/inbox.json") ? file : each))],
    {
      env: { PATH: process.env["PATH"], ...secrets, ASYA_CHECKPOINT_STORE: pathToFileURL(directory.path).href },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");

  const home = await fetch(url, { redirect: "manual" });
  expect([home.status, home.headers.get("location")]).toEqual([303, expect.stringContaining("/login")]);
  const login = await fetch(`${url}login`, { redirect: "manual" });
  expect(login.headers.get("location")).toContain(`${provider.issuer}/`);
  child.kill("SIGTERM");
  await ended;
});
