import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import { sendRedisCommand } from "./redis-command.ts";
import { testServer } from "./test-server.ts";
import { serverDefinitions } from "./server-definitions.ts";

const redis = testServer("redis");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const sources = dirname(fileURLToPath(import.meta.url));

/** A directory with a Vitest configuration like ours, and one test file per project. */
async function testProject(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "holdpoint-test-"));
  onTestFinished(async () => await rm(root, { recursive: true, force: true }));
  const config = `
    import { HoldpointReporter } from ${JSON.stringify(join(sources, "holdpoint-reporter.ts"))};
    const globalSetup = [${JSON.stringify(join(sources, "global-setup.ts"))}];
    const project = (name, servers) => ({
      extends: true,
      test: { name, include: [name + ".test.js"], globalSetup, provide: { servers, programs: [] } },
    });
    export default { test: {
      globals: true,
      reporters: ["default", new HoldpointReporter()],
      projects: [project("redis", ["redis"]), project("also-redis", ["redis"]), project("none", [])],
    } };
  `;
  await writeFile(join(root, "vitest.config.mjs"), config);
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
  return root;
}

function run(root: string, environment: Readonly<Record<string, string>>, ...more: readonly string[]) {
  const inherited = Object.fromEntries(
    // Without what the run around this one has set for its own tests.
    Object.entries(process.env).filter(([name]) => !/^(?:CI$|VITEST|NODE_OPTIONS$|HOLDPOINT_TEST_)/.test(name)),
  );
  const child = spawn(process.execPath, [vitest, "run", "--root", root, ...more], {
    cwd: root,
    env: { ...inherited, NO_COLOR: "1", TMPDIR: root, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const result = once(child, "close").then(async ([code]) => {
    const [stdout, stderr] = await output;
    return { code: code as number | null, stdout: stdout.trimEnd(), stderr };
  });
  return { child, result };
}

const passing = `test("passes", () => {});`;

describe("servers that can be had", () => {
  test.skipIf(redis.isMissing)("one for all projects that want it, gone after the run", async () => {
    const seesRedis = `
      import { writeFileSync } from "node:fs";
      import { execFileSync } from "node:child_process";
      test("sees the address, and so does a child", () => {
        const url = process.env.HOLDPOINT_TEST_REDIS_URL;
        const ofChild = execFileSync(process.execPath, ["-p", "process.env.HOLDPOINT_TEST_REDIS_URL"], { encoding: "utf8" });
        expect(ofChild.trim()).toBe(url);
        writeFileSync(expect.getState().testPath + ".url", url);
      });
    `;
    const root = await testProject({ "redis.test.js": seesRedis, "also-redis.test.js": seesRedis });
    const { code, stdout } = await run(root, { CI: "true" }).result;
    expect(stdout.split("\n").at(-1)).toBe("2 passed, 0 failed, 0 skipped");
    expect(code).toBe(0);
    const url = await readFile(join(root, "redis.test.js.url"), "utf8");
    expect(await readFile(join(root, "also-redis.test.js.url"), "utf8")).toBe(url);
    await expect(sendRedisCommand(Number(new URL(url).port), ["PING"])).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect((await readdir(root)).filter((name) => name.startsWith("holdpoint-servers-"))).toEqual([]);
  });

  test.skipIf(redis.isMissing)("gone also after a kill -9 of the run", async () => {
    const waits = `test("waits", { timeout: 600_000 }, async () => {
      process.stdout.write(process.env.HOLDPOINT_TEST_REDIS_URL + "\\n");
      await new Promise((resolve) => setTimeout(resolve, 500_000));
    });`;
    const root = await testProject({ "redis.test.js": waits });
    const { child } = run(root, {});
    const url = await new Promise<string>((resolve) => {
      child.stdout.on("data", (chunk) => {
        const found = /redis:\/\/[\d.:]+/.exec(String(chunk));
        if (found !== null) resolve(found[0]);
      });
    });
    const port = Number(new URL(url).port);
    expect(await sendRedisCommand(port, ["PING"])).toBe("PONG");
    child.kill("SIGKILL");
    await vi.waitFor(
      async () => await expect(sendRedisCommand(port, ["PING"])).rejects.toMatchObject({ code: "ECONNREFUSED" }),
      { timeout: 10_000 },
    );
  });
});

describe("servers that cannot be had", () => {
  const variable = serverDefinitions["redis"].environmentVariable;

  test("only those of projects with tests are looked for", async () => {
    const root = await testProject({ "none.test.js": passing });
    const { code, stdout } = await run(root, { PATH: root, CI: "true" }).result;
    expect(code).toBe(0);
    expect(stdout).not.toContain("could not be had");
    expect(stdout.split("\n").at(-1)).toBe("1 passed, 0 failed, 0 skipped");
  });

  test("a block at the end says which, why and what to do", async () => {
    const skipped = `test.skipIf(process.env.${variable} === undefined)("needs redis", () => {});`;
    const root = await testProject({ "redis.test.js": skipped, "none.test.js": passing });
    const { code, stdout } = await run(root, { PATH: root }).result;
    expect(stdout).toContain("Could not be had: redis");
    expect(stdout).toContain(`environment variable: ${variable} is not set`);
    expect(stdout).toContain("What to do: Put redis-server (6.2 or later) on PATH");
    expect(stdout.split("\n").at(-1)).toBe("1 passed, 0 failed, 1 skipped");
    expect(code).toBe(0);
  });

  test.for([
    ["under CI", { CI: "true" }, [], "stdout"],
    ["under CI with another reporter", { CI: "true" }, ["--reporter=dot"], "stderr"],
    ["at an address that somebody has given", { [variable]: "redis://127.0.0.1:1" }, [], "stdout"],
  ] as const)("%s that is a failure", async ([, environment, more, stream]) => {
    const root = await testProject({ "redis.test.js": passing });
    const result = await run(root, { PATH: root, ...environment }, ...more).result;
    expect(result[stream]).toContain("so this run counts as failed");
    expect(result.code).toBe(1);
  });
});

describe("the end of a run", () => {
  test("the table of the suite, and the numbers of tests with what failed outside of tests", async () => {
    const suite = `
      const mark = (task, store, outcome) => void (task.meta.holdpoint = { store, id: "ttl/x", group: "ttl", outcome });
      describe("memory", () => describe("ttl", () => {
        test("ttl/passes", ({ task }) => mark(task, "memory", "passed"));
        test("ttl/refuses", ({ task }) => mark(task, "memory", "refused as declared"));
        test("ttl/fails", ({ task }) => { mark(task, "memory", "failed"); throw new Error("as intended"); });
        test.skip("ttl/skipped", () => {});
      }));
    `;
    const root = await testProject({ "none.test.js": suite, "also-redis.test.js": `import "./no-such-file.js";` });
    const { code, stdout } = await run(root, { PATH: root }).result;
    expect(stdout).toContain("Conformance, backend x group: passed / refused as declared / failed / not run");
    expect(stdout).toMatch(/^memory +1\/1\/1\/1$/m);
    expect(stdout.split("\n").at(-1)).toBe("2 passed, 2 failed, 1 skipped");
    expect(code).toBe(1);
  });
});
