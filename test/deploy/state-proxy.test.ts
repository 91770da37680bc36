import { randomUUID } from "node:crypto";
import { basename } from "node:path";

import { testServer } from "@holdpoint/test-servers";
import type { ServerName } from "@holdpoint/test-servers";
import * as v from "valibot";
import { describe, expect, it } from "vitest";

import { PythonMount, pythonIsMissing } from "../../packages/state-proxy/test/python-mount.ts";
import { startProxy } from "../../packages/state-proxy/test/start-proxy.ts";
import { readManifests } from "./manifests.ts";
import { readStages } from "./image-tree.ts";

const name = v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/u), v.maxLength(63));
const text = v.pipe(v.string(), v.minLength(1));

/** An actor with a state proxy, as the mesh's definition has it: a connector takes values and nothing else. */
const actorSchema = v.strictObject({
  apiVersion: v.literal("asya.sh/v1alpha1"),
  kind: v.literal("AsyncActor"),
  metadata: v.strictObject({ name }),
  spec: v.strictObject({
    actor: name,
    image: text,
    handler: text,
    stateProxy: v.pipe(
      v.array(
        v.strictObject({
          name,
          mount: v.strictObject({ path: v.pipe(v.string(), v.startsWith("/")) }),
          writeMode: v.optional(v.picklist(["buffered", "passthrough"])),
          connector: v.strictObject({
            image: text,
            env: v.array(v.strictObject({ name: text, value: v.string() })),
            resources: v.strictObject({
              requests: v.strictObject({ cpu: text, memory: text }),
              limits: v.strictObject({ memory: text }),
            }),
          }),
        }),
      ),
      v.minLength(1),
    ),
  }),
});

const manifests = (await readManifests("deploy/state-proxy/*.yaml")).map(({ file, manifest }) => ({
  store: basename(file, ".yaml"),
  actor: v.parse(actorSchema, manifest),
}));

/** The server that stands in for a manifest's, what is put in the place of its values, and what the platform injects. */
interface StandIn {
  readonly server: ServerName;
  readonly values: (url: URL) => Readonly<Record<string, string>>;
  readonly injected?: (url: URL) => Readonly<Record<string, string>>;
}

const credentials = ({ username, password }: URL): Readonly<Record<string, string>> => ({
  AWS_ACCESS_KEY_ID: username,
  AWS_SECRET_ACCESS_KEY: password,
});

const standIns: Readonly<Record<string, StandIn>> = {
  "s3-irsa": {
    server: "minio",
    values: () => ({ STATE_BUCKET: "holdpoint" }),
    injected: (url) => ({ AWS_ENDPOINT_URL: url.origin, ...credentials(url) }),
  },
  minio: {
    server: "minio",
    values: (url) => ({ STATE_BUCKET: "holdpoint", AWS_ENDPOINT_URL: url.origin, ...credentials(url) }),
  },
  "gcs-workload-identity": {
    server: "gcs",
    values: () => ({ STATE_BUCKET: "holdpoint" }),
    injected: ({ origin }) => ({ STORAGE_EMULATOR_HOST: origin }),
  },
  redis: { server: "redis", values: ({ href }) => ({ REDIS_URL: href }) },
  nats: { server: "nats", values: ({ href }) => ({ NATS_URL: href, NATS_KV_BUCKET: "holdpoint" }) },
  postgres: { server: "postgres", values: ({ href }) => ({ ASYA_CHECKPOINT_STORE: `${href}?prefix=summarizer/` }) },
};

it("there is a manifest for every store that a connector reaches without a volume", () => {
  expect(new Set(manifests.map(({ store }) => store))).toEqual(new Set(Object.keys(standIns)));
});

describe.each(manifests)("the actor with a state proxy on $store", ({ store, actor }) => {
  const standIn = standIns[store];
  const { isMissing, url } = testServer(standIn?.server ?? "redis");

  it.skipIf(isMissing || pythonIsMissing)("has a connector that serves as it stands", async () => {
    for (const { connector } of actor.spec.stateProxy) {
      const given = Object.fromEntries(connector.env.map((variable) => [variable.name, variable.value]));
      const values = standIn?.values(new URL(url)) ?? {};
      // Nothing is put there that the manifest does not have.
      expect(Object.keys(given)).toEqual(expect.arrayContaining(Object.keys(values)));
      await using proxy = await startProxy({ ...given, ...values, ...standIn?.injected?.(new URL(url)) });
      await using python = new PythonMount(proxy.socketPath);
      const key = `${randomUUID()}/note`;
      await python.write(key, "kept");
      expect(String(await python.read(key))).toBe("kept");
      await python.remove(key);
      expect((await proxy.stop()).exitCode).toBe(0);
    }
  });

  it("names the image whose default is the state proxy", async () => {
    const images = actor.spec.stateProxy.map(({ connector }) => connector.image);
    const stages = (await readStages()).map((stage) => stage.map((instruction) => instruction.toString()));
    expect(stages).toContainEqual(["FROM holdpoint AS state-proxy", 'CMD ["state-proxy"]']);
    expect(new Set(images)).toEqual(new Set(["registry.example.com/holdpoint-state-proxy:0.0.0"]));
  });
});
