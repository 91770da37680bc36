import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import { findExecutable } from "./find-executable.ts";
import { sendRedisCommand } from "./redis-command.ts";
import { serverDefinitions } from "./server-definitions.ts";
import { startServer } from "./start-server.ts";
import { testServer } from "./test-server.ts";
import type { MissingServer, RunningServer } from "./start-server.ts";

const redis = await findExecutable("redis-server", process.env);
const shared = testServer("redis");

function running(server: RunningServer | MissingServer): RunningServer {
  if (server.kind === "missing") throw new Error(JSON.stringify(server.reasons));
  return server;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-test-"));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory for PATH with one shell script in it. */
async function scriptOnPath(name: string, lines: readonly string[]): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, name), ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(join(directory, name), 0o755);
  return directory;
}

/** Waits until nobody listens there any more. */
async function closedPort(url: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const command = sendRedisCommand(Number(new URL(url).port), ["PING"]);
      await expect(command).rejects.toMatchObject({ code: "ECONNREFUSED" });
    },
    { timeout: 10_000 },
  );
}

describe("a server of one's own", () => {
  test.skipIf(shared.isMissing)("answers, and is gone after it was stopped", async () => {
    const server = running(await startServer("redis", { own: true }));
    const port = Number(new URL(server.url).port);
    expect(await sendRedisCommand(port, ["PING"])).toBe("PONG");
    await server.stop();
    await closedPort(server.url);
    await server.stop();
  });

  test.skipIf(shared.isMissing)("does not share the address in the environment variable", async () => {
    await using server = running(await startServer("redis", { own: true }));
    expect(server.url).not.toBe(shared.url);
  });
});

describe("a server ends with the process that started it", () => {
  const starter = `
    import { startServer } from ${JSON.stringify(new URL("./start-server.ts", import.meta.url).href)};
    const server = await startServer("redis", { own: true });
    process.on("message", () => { throw new Error("a crash on request"); });
    process.send(server);
  `;

  async function startInProcess(): Promise<{ starter: ChildProcess; url: string; directory: string }> {
    const directory = await temporaryDirectory();
    const child = spawn(process.execPath, ["--input-type=module", "--eval", starter], {
      env: { ...process.env, TMPDIR: directory },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      // A group of its own, as a shell gives one to every command.
      detached: true,
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [{ url }] = (await once(child, "message")) as [RunningServer];
    return { starter: child, url, directory };
  }

  const ends: readonly (readonly [string, (child: ChildProcess) => unknown])[] = [
    ["kill -9", (child) => child.kill("SIGKILL")],
    ["kill -9 of the process group", (child) => process.kill(-(child.pid ?? 0), "SIGKILL")],
    ["Ctrl-C", (child) => process.kill(-(child.pid ?? 0), "SIGINT")],
    ["SIGTERM", (child) => child.kill("SIGTERM")],
    ["a crash", (child) => child.send("crash")],
  ];

  test.skipIf(shared.isMissing).for(ends)("%s", async ([, end]) => {
    const { starter: child, url, directory } = await startInProcess();
    expect(await readdir(directory)).toHaveLength(1);
    end(child);
    await closedPort(url);
    await vi.waitFor(async () => expect(await readdir(directory)).toEqual([]), { timeout: 10_000 });
  });
});

describe("where a server comes from", () => {
  const { environmentVariable } = serverDefinitions["redis"];

  test.skipIf(shared.isMissing)("the address in its environment variable", async () => {
    await using own = running(await startServer("redis", { own: true }));
    const server = await startServer("redis", { environment: { [environmentVariable]: own.url } });
    expect(server).toMatchObject({ kind: "running", url: own.url, origin: "environment variable" });
  });

  test.skipIf(shared.isMissing)("not from somewhere else when nothing answers at that address", async () => {
    const own = running(await startServer("redis", { own: true }));
    await own.stop();
    const address = own.url.replace("redis://", "redis://somebody:secret@");
    const server = await startServer("redis", { environment: { ...process.env, [environmentVariable]: address } });
    expect(server).toMatchObject({ kind: "missing", wasAskedFor: true });
    expect(JSON.stringify(server)).toContain(new URL(own.url).host);
    expect(JSON.stringify(server)).not.toContain("secret");
  });

  test("a release on PATH that is too old is passed over, and it says why", async () => {
    const path = await scriptOnPath("redis-server", ["echo 'Redis server v=5.0.14 sha=00000000:0 bits=64'"]);
    const server = await startServer("redis", { environment: { PATH: path, HOLDPOINT_CACHE_DIR: path } });
    expect(server).toMatchObject({ kind: "missing", wasAskedFor: false });
    expect((server as MissingServer).reasons).toContainEqual({
      source: "PATH",
      reason: `${path}/redis-server is 5.0.14; 6.2 or later is needed`,
    });
  });

  test("one that does not start is passed over, with the end of its log", async () => {
    const path = await scriptOnPath("redis-server", [
      'test "$1" = --version && echo "Redis server v=7.2.4" && exit',
      "echo 'cannot create the flux capacitor' >&2",
      "exit 3",
    ]);
    const server = await startServer("redis", { environment: { PATH: path, HOLDPOINT_CACHE_DIR: path } });
    const reason = (server as MissingServer).reasons.find(({ source }) => source === "PATH")?.reason;
    expect(reason).toContain("exited with code 3 before it was ready");
    expect(reason).toContain("cannot create the flux capacitor");
  });

  test("one that could not be had comes with a reason from every source and with what to do", async () => {
    const path = await temporaryDirectory();
    const server = await startServer("redis", { environment: { PATH: path, HOLDPOINT_CACHE_DIR: path } });
    expect(server).toMatchObject({
      kind: "missing",
      reasons: [
        { source: "environment variable", reason: `${environmentVariable} is not set` },
        { source: "PATH" },
        { source: "apt-get install", reason: "there is no apt-get" },
        { source: "Docker", reason: "Docker is not installed" },
      ],
      remedy: expect.stringContaining("redis-server (6.2 or later)") as string,
    });
  });

  test.skipIf(redis === undefined)("Docker, whose containers are taken down in the end", async () => {
    // Stands for the Docker client: it says yes to the questions whether there is one, and what it runs is no container.
    const path = await scriptOnPath("docker", [
      'case "$*" in',
      "  info | 'compose version') ;;",
      '  *up*redis) exec "$HOLDPOINT_TEST_REDIS_SERVER" --port "$HOLDPOINT_REDIS_PORT" --save "" ;;',
      '  *) echo "$*" >> "$HOLDPOINT_TEST_CALLS" ;;',
      "esac",
    ]);
    vi.stubEnv("HOLDPOINT_TEST_CALLS", join(path, "calls"));
    vi.stubEnv("HOLDPOINT_TEST_REDIS_SERVER", redis);
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = running(await startServer("redis", { environment: { PATH: path, HOLDPOINT_CACHE_DIR: path } }));
    expect(server.origin).toBe("Docker");
    expect(await sendRedisCommand(Number(new URL(server.url).port), ["PING"])).toBe("PONG");
    await server.stop();
    await closedPort(server.url);
    expect(await readFile(join(path, "calls"), "utf8")).toMatch(
      /^compose --file \S+compose.yaml --project-name holdpoint-test-\w+ down --volumes --timeout 0\n$/,
    );
  });

  test("go install, once, into the cache; the output of a build that fails is kept", async () => {
    // Stands for the go command, not for a server: it puts into $GOBIN what the real one would.
    const path = await scriptOnPath("go", [
      'test "$2" = github.com/nats-io/nats-server/v2@v2.15.2 || { echo "unknown module $2" >&2; exit 1; }',
      'echo "$GOBIN" >> "$HOLDPOINT_TEST_BUILDS"',
      '/bin/mkdir -p "$GOBIN" && /bin/ln -s /bin/false "$GOBIN/nats-server"',
    ]);
    const builds = join(path, "builds");
    const environment = { PATH: path, HOLDPOINT_CACHE_DIR: path };
    vi.stubEnv("HOLDPOINT_TEST_BUILDS", builds);
    onTestFinished(() => void vi.unstubAllEnvs());
    const said: string[] = [];
    const first = await startServer("nats", { environment, own: true, say: (line) => void said.push(line) });
    expect(said.join("\n")).toMatch(/building nats with go install .*\n.*done in/);
    expect((first as MissingServer).reasons).toContainEqual({
      source: "go install",
      reason: expect.stringContaining("nats exited with code 1 before it was ready") as string,
    });
    expect(existsSync(join(path, "servers", "nats-server-v2.15.2", "nats-server"))).toBe(true);
    const failed = await startServer("gcs", { environment, own: true, say: () => {} });
    expect((failed as MissingServer).reasons).toContainEqual({
      source: "go install",
      reason: expect.stringContaining("unknown module github.com/fsouza/fake-gcs-server@v1.56.1") as string,
    });
    expect(existsSync(join(path, "servers", "fake-gcs-server-v1.56.1"))).toBe(false);
  });
});
