import type { StoreFinding } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import { startServer, testServer } from "@holdpoint/test-servers";
import { AssumeRoleProvider } from "minio/dist/esm/AssumeRoleProvider.mjs";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { jsonLines, openWorkplace } from "../packages/cli/test/run-cli.ts";
import { anonymousAwsClient, createBucket } from "../packages/backend-s3/test/test-server.ts";
import { createS3Store } from "@holdpoint/backend-s3";
import { examineOpenStore } from "../packages/cli/src/doctor/examine-store.ts";
import { HttpProxy } from "../packages/backend-s3/test/http-proxy.ts";
import { sendRedisCommand } from "../tooling/servers/src/redis-command.ts";
import { storesUnderTest } from "./every-store.ts";

interface Examination {
  readonly exitCode: number | null;
  readonly findings: readonly StoreFinding[];
}

/** Runs `holdpoint doctor`. */
async function examine(url: string, environment: Readonly<Record<string, string>> = {}): Promise<Examination> {
  await using workplace = await openWorkplace();
  const { exitCode, stdout } = await workplace.cli(["doctor", "--store", url, "--json"], { environment });
  return { exitCode, findings: jsonLines(stdout)[0]?.["findings"] as readonly StoreFinding[] };
}

function subjectsOf({ findings }: Examination, level: StoreFinding["level"]): readonly string[] {
  return findings.filter((finding) => finding.level === level).map(({ subject }) => subject);
}

describe.each(storesUnderTest)("$name", (store) => {
  it.skipIf(store.isMissing)("passes every check, and nothing is left behind", async () => {
    const url = store.url();
    for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    // As an actor has done at its start: what is missing is a problem to the command, which creates no bucket or table.
    await (await openStore(url)).close();
    const examination = await examine(url, store.environment);
    expect(subjectsOf(examination, "ok")).toEqual(
      expect.arrayContaining(["reachability", "put", "get", "list", "delete", "preconditions", "race", "round trip"]),
    );
    // The tests' Redis keeps nothing, their PostgreSQL does not sync, and both say so.
    const problems = /^(?:redis|postgres)/u.test(store.name) ? ["durability"] : [];
    expect(subjectsOf(examination, "problem")).toEqual(problems);
    expect(examination.exitCode).toBe(problems.length === 0 ? 0 : 1);
    await using opened = await openStore(url);
    expect(await Array.fromAsync(opened.list())).toEqual([]);
  });
});

const s3 = storesUnderTest.find(({ name }) => name === "s3");
const minio = testServer("minio");

/** Credentials with which only these actions are permitted, on the objects of the bucket and on the bucket. */
async function credentialsFor(
  actions: readonly string[],
  bucketActions: readonly string[] = [],
): Promise<Readonly<Record<string, string>>> {
  const { origin, username, password } = new URL(minio.url);
  const allow = (Action: readonly string[], Resource: string): object => ({ Effect: "Allow", Action, Resource });
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      allow(actions, "arn:aws:s3:::holdpoint/*"),
      ...(bucketActions.length === 0 ? [] : [allow(bucketActions, "arn:aws:s3:::holdpoint")]),
    ],
  });
  const provider = new AssumeRoleProvider({
    stsEndpoint: origin,
    accessKey: username,
    secretKey: password,
    policy,
    region: "us-east-1",
  });
  const credentials = await provider.getCredentials();
  return {
    AWS_ACCESS_KEY_ID: credentials.getAccessKey(),
    AWS_SECRET_ACCESS_KEY: credentials.getSecretKey(),
    AWS_SESSION_TOKEN: credentials.getSessionToken() ?? "",
  };
}

describe.skipIf(minio.isMissing)("a bucket with a fault", () => {
  const guide = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];

  it("is fine with the permissions of the guide, but for listing", async () => {
    const examination = await examine(s3?.url() ?? "", await credentialsFor(guide));
    expect(examination.exitCode).toBe(0);
    expect(subjectsOf(examination, "problem")).toEqual([]);
    expect(subjectsOf(examination, "warning")).toEqual(["list"]);
    expect(subjectsOf(examination, "unknown")).toEqual(["lifecycle", "versioning"]);
    expect(examination.findings.find(({ subject }) => subject === "list")?.remedy).toContain("s3:ListBucket");
  });

  it.each([
    ["s3:DeleteObject", "delete"],
    ["s3:GetObject", "get"],
  ])("names a permission that is missing: %s", async (missing, subject) => {
    const actions = guide.filter((action) => action !== missing);
    const examination = await examine(s3?.url() ?? "", await credentialsFor(actions, ["s3:ListBucket"]));
    expect(examination.exitCode).toBe(1);
    expect(subjectsOf(examination, "problem")).toEqual([subject]);
  });

  it("names the permission to write", async () => {
    const examination = await examine(s3?.url() ?? "", await credentialsFor(["s3:GetObject"], ["s3:ListBucket"]));
    expect(subjectsOf(examination, "problem")).toEqual(["permissions"]);
  });

  it("names a bucket that does not exist", async () => {
    const url = `s3://no-such-bucket?endpoint=${new URL(minio.url).origin}&region=us-east-1`;
    const examination = await examine(url, s3?.environment);
    expect(examination.exitCode).toBe(1);
    expect(subjectsOf(examination, "problem")).toEqual(["place"]);
    expect(examination.findings.at(-1)?.found).toContain("no-such-bucket");
  });

  it("names a server that ignores preconditions", async () => {
    await using proxy = await HttpProxy.start(() => ({ drop: ["if-match", "if-none-match"] }));
    const bucket = await createBucket({ allow: guide });
    // Signed requests would not survive the loss of a header.
    const client = anonymousAwsClient(`http://127.0.0.1:${proxy.port}`);
    onTestFinished(() => client.destroy());
    await using store = await createS3Store({ bucket, client, unsafeAllowMissingPreconditions: true });
    const findings = await Array.fromAsync(examineOpenStore(store));
    expect(subjectsOf({ exitCode: null, findings }, "problem")).toEqual(["preconditions", "race"]);
  });
});

describe("a Redis with a fault", () => {
  const cluster = testServer("redis-cluster");
  it.skipIf(cluster.isMissing)("is named if it cannot keep the promises at all", async () => {
    const examination = await examine(cluster.url);
    expect(subjectsOf(examination, "problem")).toEqual(["server"]);
    expect(examination.findings.at(-1)?.found).toMatch(/a node of a cluster.*cluster=true/u);
  });

  it("is told what it keeps, what it evicts and what is not permitted", async (test) => {
    const server = await startServer("redis", { own: true });
    if (server.kind === "missing") return test.skip(server.remedy);
    await using redis = server;
    const port = Number(new URL(redis.url).port);
    const admin = async (...command: readonly string[]): Promise<string> => await sendRedisCommand(port, command);
    const problemsNow = async (url = redis.url): Promise<readonly string[]> =>
      subjectsOf(await examine(url), "problem");

    await admin("CONFIG", "SET", "save", "");
    await admin("CONFIG", "SET", "appendonly", "no");
    expect(await problemsNow()).toEqual(["durability"]);
    await admin("CONFIG", "SET", "appendonly", "yes");
    expect(await problemsNow()).toEqual([]);
    await admin("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    await admin("CONFIG", "SET", "maxmemory", "100mb");
    expect(await problemsNow()).toEqual(["eviction"]);
    await admin("CONFIG", "SET", "maxmemory-policy", "noeviction");

    await admin("ACL", "SETUSER", "clerk", "on", ">pass", "~*", "+@all", "-del");
    const url = new URL(redis.url);
    url.username = "clerk";
    url.password = "pass";
    expect(await problemsNow(url.href)).toEqual(["delete"]);
    await admin("ACL", "SETUSER", "clerk", "+del", "-scan", "-config");
    const examination = await examine(url.href);
    expect([subjectsOf(examination, "problem"), subjectsOf(examination, "warning")]).toEqual([[], ["list"]]);
    expect(JSON.stringify(examination)).not.toContain("pass");
  });
});
