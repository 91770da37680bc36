/** A program that starts from nothing; it runs as an ES module in the bench's folder. */
export interface StartScript {
  readonly name: string;
  /** What it is set against: the SDK that it stands on. */
  readonly bare: { readonly module: string; readonly packages: readonly string[]; readonly firstPut: string };
  /** What is imported. */
  readonly module: string;
}

const body = "new Uint8Array(1024)";

/**
 * What a program does that begins with one conditional write: ours, and the same with the SDK alone. `URL` stands for
 * the store's URL, `ADDRESS` for the server's.
 */
export const startScripts: readonly StartScript[] = [
  {
    name: "file",
    module: "@holdpoint/core",
    bare: {
      module: "node:fs/promises",
      packages: [],
      firstPut: `
        import { link, mkdir, open, unlink } from "node:fs/promises";
        await mkdir(URL + "/paused", { recursive: true });
        const file = await open(URL + "/first.tmp", "w");
        await file.writeFile(${body});
        await file.sync();
        await file.close();
        await link(URL + "/first.tmp", URL + "/paused/" + process.pid);
        const directory = await open(URL + "/paused", "r");
        await directory.sync();
        await directory.close();
        await unlink(URL + "/first.tmp");`,
    },
  },
  {
    name: "redis",
    module: "@holdpoint/backend-redis",
    bare: {
      module: "ioredis",
      packages: ["ioredis"],
      firstPut: `
        import { Redis } from "ioredis";
        const client = new Redis(ADDRESS);
        await client.set("first-" + process.pid, Buffer.from(${body}), "NX");`,
    },
  },
  {
    name: "s3",
    module: "@holdpoint/backend-s3",
    bare: {
      module: "@aws-sdk/client-s3",
      packages: ["@aws-sdk/client-s3"],
      firstPut: `
        import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
        const { origin } = new globalThis.URL(ADDRESS);
        const client = new S3Client({ endpoint: origin, forcePathStyle: true, region: "us-east-1" });
        const Key = "first-" + process.pid;
        await client.send(new PutObjectCommand({ Bucket: "holdpoint", Key, Body: ${body}, IfNoneMatch: "*" }));`,
    },
  },
  {
    name: "minio",
    module: "@holdpoint/backend-s3/minio",
    bare: {
      module: "minio",
      packages: ["minio"],
      firstPut: `
        import { Client } from "minio";
        const { hostname, port, username, password } = new globalThis.URL(ADDRESS);
        const options = { endPoint: hostname, port: Number(port), useSSL: false, accessKey: username, secretKey: password };
        const client = new Client({ ...options, region: "us-east-1" });
        const headers = { "if-none-match": "*" };
        await client.putObject("holdpoint", "first-" + process.pid, Buffer.from(${body}), 1024, headers);`,
    },
  },
  {
    name: "gcs",
    module: "@holdpoint/backend-gcs",
    bare: {
      module: "@google-cloud/storage",
      packages: ["@google-cloud/storage"],
      firstPut: `
        import { Storage } from "@google-cloud/storage";
        delete process.env.STORAGE_EMULATOR_HOST;
        const storage = new Storage({ apiEndpoint: ADDRESS, projectId: "holdpoint" });
        const file = storage.bucket("holdpoint").file("first-" + process.pid);
        await file.save(Buffer.from(${body}), { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });`,
    },
  },
  {
    name: "nats",
    module: "@holdpoint/backend-nats",
    bare: {
      module: "@nats-io/kv",
      packages: ["@nats-io/kv", "@nats-io/transport-node"],
      firstPut: `
        import { Kvm } from "@nats-io/kv";
        import { connect } from "@nats-io/transport-node";
        const connection = await connect({ servers: new globalThis.URL(ADDRESS).host });
        const kv = await new Kvm(connection).create("first");
        await kv.create("first-" + process.pid, ${body});`,
    },
  },
  {
    name: "postgres",
    module: "@holdpoint/backend-postgres",
    bare: {
      module: "pg",
      packages: ["pg"],
      firstPut: `
        import pg from "pg";
        const client = new pg.Client(ADDRESS);
        await client.connect();
        await client.query("CREATE TABLE IF NOT EXISTS first (key text PRIMARY KEY, body bytea NOT NULL)");
        const values = ["first-" + process.pid, Buffer.from(${body})];
        await client.query("INSERT INTO first VALUES ($1, $2) ON CONFLICT DO NOTHING", values);`,
    },
  },
];

/** The same through our store. */
export const holdpointFirstPut = `
  import { openStore } from "@holdpoint/core";
  const store = await openStore(URL);
  await store.put("first-" + process.pid, ${body}, { ifAbsent: true });`;
