import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { startServer, testServer } from "@holdpoint/test-servers";
import { Client } from "minio";
import { AssumeRoleProvider } from "minio/dist/esm/AssumeRoleProvider.mjs";

import { selfSigned, switchOnTls } from "../../packages/backend-postgres/test/server-certificate.ts";
import { inspector } from "../../packages/backend-postgres/test/test-server.ts";
import { createOperator } from "../../packages/backend-nats/test/nats-operator.ts";
import { NatsServers } from "../../packages/backend-nats/test/configured-servers.ts";
import { findFreePorts } from "../../tooling/servers/src/free-ports.ts";
import { sendRedisCommand } from "../../tooling/servers/src/redis-command.ts";
import { repository } from "./image-tree.ts";

const bucket = "asya-checkpoints";

/** A real server in place of the one that an example names. */
export interface ExampleServer {
  /** The address that the example names, and the one here. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What the files of its Secret hold here, by their names. */
  readonly files: Readonly<Record<string, string>>;
  /** What the platform would inject. */
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/** What starts the server of each example, given a directory for its files; `undefined` if it cannot be had. */
export const exampleServers: Readonly<
  Record<string, ((directory: string) => Promise<ExampleServer | undefined>) | undefined>
> = {
  volume: async () => plain({}),
  minio: async () => {
    const { isMissing, url } = testServer("minio");
    if (isMissing) return undefined;
    await makeBucket(url);
    return plain({ "minio.asya-e2e:9000": new URL(url).host });
  },
  "s3-irsa": async () => {
    const { isMissing, url } = testServer("minio");
    if (isMissing) return undefined;
    await makeBucket(url);
    return plain({}, { AWS_ENDPOINT_URL: new URL(url).origin, ...(await credentialsUnderPolicy(url)) });
  },
  "gcs-workload-identity": async () => {
    const { isMissing, url } = testServer("gcs");
    if (isMissing) return undefined;
    await fetch(`${url}/storage/v1/b?project=test`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: bucket }),
    });
    return plain({}, { STORAGE_EMULATOR_HOST: url });
  },
  redis: secureRedis,
  postgres: securePostgres,
  nats: async () => {
    if (testServer("nats").isMissing) return undefined;
    const servers = await NatsServers.open();
    const operator = createOperator();
    const server = await servers.run(`${operator.configuration}\njetstream { store_dir: "{data}" }`);
    return {
      addresses: { "nats.nats:4222": server.address },
      files: { "nats.creds": operator.userCredentials() },
      environment: {},
      close: () => servers[Symbol.asyncDispose](),
    };
  },
};

function plain(addresses: ExampleServer["addresses"], environment: ExampleServer["environment"] = {}): ExampleServer {
  return { addresses, files: {}, environment, close: async () => {} };
}

function minioClient(url: string): Client {
  const { hostname, port, username, password } = new URL(url);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: username,
    secretKey: password,
  });
}

async function makeBucket(url: string): Promise<void> {
  const client = minioClient(url);
  if (await client.bucketExists(bucket)) return;
  // Another test may have been quicker.
  await client.makeBucket(bucket).catch(async (error: unknown) => {
    if (!(await client.bucketExists(bucket))) throw error;
  });
}

/** What a service account's role would give: credentials that may do what the example's policy says, and no more. */
async function credentialsUnderPolicy(url: string): Promise<Readonly<Record<string, string>>> {
  const { origin, username, password } = new URL(url);
  const policy = JSON.parse(await readFile(join(repository, "deploy/examples/s3-irsa/iam/policy.json"), "utf8")) as {
    Statement: readonly { Sid: string }[];
  };
  const required = policy.Statement.filter(({ Sid }) => !Sid.startsWith("Optional"));
  const provider = new AssumeRoleProvider({
    stsEndpoint: origin,
    accessKey: username,
    secretKey: password,
    policy: JSON.stringify({ ...policy, Statement: required }),
  });
  const credentials = await provider.getCredentials();
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKey,
    AWS_SECRET_ACCESS_KEY: credentials.secretKey,
    AWS_SESSION_TOKEN: credentials.sessionToken ?? "",
  };
}

async function securePostgres(directory: string): Promise<ExampleServer | undefined> {
  if (testServer("postgres").isMissing) return undefined;
  const server = await startServer("postgres", { own: true });
  if (server.kind === "missing") return undefined;
  try {
    const own = await selfSigned(directory);
    await using admin = await inspector(server.url);
    await admin.query("ALTER SYSTEM SET fsync = on");
    await switchOnTls(admin, own);
    await admin.query("CREATE ROLE checkpoints LOGIN PASSWORD 'change-me'");
    await admin.query("CREATE DATABASE checkpoints OWNER checkpoints");
    return {
      addresses: { "postgres.asya-system:5432": new URL(server.url).host },
      files: { "ca.crt": await readFile(own.certificate, "utf8") },
      environment: {},
      close: () => server.stop(),
    };
  } catch {
    // No openssl, or a server that was built without TLS.
    await server.stop();
    return undefined;
  }
}

async function secureRedis(directory: string): Promise<ExampleServer | undefined> {
  if (testServer("redis").isMissing) return undefined;
  const server = await startServer("redis", { own: true });
  if (server.kind === "missing") return undefined;
  const port = Number(new URL(server.url).port);
  try {
    const { key, certificate } = await selfSigned(directory);
    const [tlsPort = 0] = await findFreePorts(1);
    const settings = `tls-cert-file ${certificate} tls-key-file ${key} tls-ca-cert-file ${certificate} tls-auth-clients no`;
    await sendRedisCommand(port, ["CONFIG", "SET", ...settings.split(" ")]);
    await sendRedisCommand(port, ["CONFIG", "SET", "tls-port", String(tlsPort)]);
    // What the backend's README lists, and no more.
    const user =
      "holdpoint on >change-me ~holdpoint:* +info +get +evalsha +eval +getrange +strlen +exists +set +del +scan";
    await sendRedisCommand(port, ["ACL", "SETUSER", ...user.split(" ")]);
    return {
      addresses: { "redis.asya-system:6379": `127.0.0.1:${tlsPort}` },
      files: { "ca.crt": await readFile(certificate, "utf8") },
      environment: {},
      close: () => server.stop(),
    };
  } catch {
    // No openssl, or a server that was built without TLS.
    await server.stop();
    return undefined;
  }
}
