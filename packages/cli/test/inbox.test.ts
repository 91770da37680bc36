import type { ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createPauseActor, createResumeActor } from "@holdpoint/actors";
import { createLocalMesh, serveGateway } from "@holdpoint/actors/mesh";
import { createHolds } from "@holdpoint/core/holds";
import { afterEach, beforeEach, expect, it } from "vitest";

import { startPostServer } from "../../inbox/test/post-server.ts";
import type { Ended, Workplace } from "./run-cli.ts";
import { openWorkplace } from "./run-cli.ts";

let workplace: Workplace;

beforeEach(async () => {
  workplace = await openWorkplace();
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The next line on standard output, as JSON. */
  readonly line: () => Promise<Record<string, string>>;
}

function start(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Started {
  const waiting: ((line: Record<string, string>) => void)[] = [];
  const lines: Record<string, string>[] = [];
  let child: ChildProcess | undefined;
  let output = "";
  const ended = workplace.cli(["inbox", "--port", "0", "--json", ...parameters], {
    environment,
    onStart: (started) => {
      child = started;
      started.stdout?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        for (let end = output.indexOf("\n"); end >= 0; end = output.indexOf("\n")) {
          const line = JSON.parse(output.slice(0, end)) as Record<string, string>;
          output = output.slice(end + 1);
          const next = waiting.shift();
          if (next === undefined) lines.push(line);
          else next(line);
        }
      });
    },
  });
  if (child === undefined) throw new Error("nothing was started");
  return {
    child,
    ended,
    line: async () => {
      const first = lines.shift();
      if (first !== undefined) return first;
      return await Promise.race([
        new Promise<Record<string, string>>((resolve) => void waiting.push(resolve)),
        ended.then(({ stderr }) => {
          throw new Error(`it ended: ${stderr}`);
        }),
      ]);
    },
  };
}

it("serves the pages on this machine, lets in whoever reads its output, and ends by a signal", async () => {
  const holds = createHolds(workplace.store);
  await holds.open("refund-42", { ask: { message: "Refund 5000?" } });
  const { child, ended, line } = start(["--by", "ada", "--issuer", "https://login.example.com"]);
  const { url = "", token = "", loginUrl = "", store } = await line();
  expect(new URL(url).hostname).toBe("127.0.0.1");
  expect(loginUrl).toBe(`${url}login?token=${token}`);
  expect(store).toBe(workplace.store.location);

  const login = await fetch(`${url}login`, {
    method: "POST",
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  expect(await (await fetch(url, { headers: { cookie } })).text()).toContain("Refund 5000?");
  const address = `${url}hold?id=refund-42`;
  const page = await (await fetch(address, { headers: { cookie } })).text();
  const formToken = / action="\/hold[^>]*>\s*<input type="hidden" name="token" value="([^"]+)"/u.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ token: formToken, decision: "approve" });
  await fetch(address, { method: "POST", body, headers: { cookie } });
  expect(await holds.inspect("refund-42")).toMatchObject({
    state: "answered",
    answer: { by: { issuer: "https://login.example.com", subject: "ada" } },
  });

  await fetch(`${url}login/token`, { method: "POST" });
  expect((await line())["token"]).not.toBe(token);
  child.kill("SIGTERM");
  expect((await ended).stderr).toBe("");
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

it("is served to no other machine", async () => {
  expect(await workplace.cli(["inbox", "--host", "0.0.0.0"])).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringContaining("is reached from other machines"),
  });
});

it("says that a port is in use, or is none", async () => {
  const { child, ended, line } = start([]);
  const { port } = new URL((await line())["url"] ?? "");
  expect(await workplace.cli(["inbox", "--port", port])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`Something else listens at port ${port}`),
  });
  expect(await workplace.cli(["inbox", "--port", "70000"])).toMatchObject({ exitCode: 2 });
  child.kill("SIGINT");
  await ended;
});

it("lets people log in as a file says, and says who was not let", async () => {
  const file = join(workplace.directory, "inbox.json");
  const proxy = { peers: ["127.0.0.1"], userHeader: "x-forwarded-user", issuer: "https://proxy.example.com" };
  await writeFile(file, JSON.stringify({ proxy, rules: { administrators: ["admins"], labels: {} } }));
  await createHolds(workplace.store).open("refund-42", { ask: { message: "Refund 5000?" } });
  const { child, ended, line } = start(["--config", file]);
  const { url = "", token } = await line();
  expect(token).toBeUndefined();
  const headers = { "x-forwarded-user": "ada" };
  expect((await fetch(`${url}hold?id=refund-42`, { headers })).status).toBe(404);
  child.kill("SIGTERM");
  expect((await ended).stderr).toBe('refused (see): "ada" (https://proxy.example.com) at GET /hold, of "refund-42"\n');
  await writeFile(file, JSON.stringify({ proxi: proxy }));
  expect(await workplace.cli(["inbox", "--config", file])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("proxi: there is no such setting."),
  });
});

it("tells whom the file names, by the secret that it names, and says who could not be told", async () => {
  const file = join(workplace.directory, "inbox.json");
  await using slack = await startPostServer();
  slack.answer = () => ({ status: slack.posted.length === 1 ? 500 : 200 });
  await writeFile(file, JSON.stringify({ notices: { targets: [{ name: "team", slack: { urlFrom: "SLACK_URL" } }] } }));
  await createHolds(workplace.store).open("refund-42", { ask: { message: "Refund 5000?" } });
  expect(await workplace.cli(["inbox", "--config", file])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('The target "team" needs SLACK_URL in the environment.'),
  });
  const { child, ended, line } = start(["--config", file], { SLACK_URL: `${slack.url}/services/hunter2` });
  const { url = "" } = await line();
  await expect.poll(() => slack.posted.length, { timeout: 30_000 }).toBe(2);
  expect(slack.posted[1]?.body).toContain("Refund 5000?");
  expect(slack.posted[1]?.body).toContain(`${url}hold?id=refund-42`);
  child.kill("SIGTERM");
  const { stderr } = await ended;
  expect(stderr).toContain('Telling "team" of the hold "refund-42" failed: it answered 500.');
  expect(stderr).not.toContain("hunter2");
});

it("calls the program that the file names with what was decided, and says what was refused", async () => {
  const file = join(workplace.directory, "inbox.json");
  await using program = await startPostServer();
  program.answer = () => ({ status: 410 });
  const webhook = { url: `${program.url}/hunter2`, secretFrom: "BILLING_SECRET" };
  await writeFile(file, JSON.stringify({ couriers: { targets: [{ name: "billing", webhook }] } }));
  const holds = createHolds(workplace.store);
  const decide = async (id: string): Promise<void> => {
    await holds.open(id, { ask: { message: "Refund 5000?" } });
    await holds.answer(id, { decision: "approve" }, { by: "ada" });
  };
  await decide("refund-42");
  const { child, ended, line } = start(["--config", file], { BILLING_SECRET: `whsec_${"A".repeat(32)}` });
  await line();
  await expect.poll(() => program.posted.length, { timeout: 30_000 }).toBe(1);
  expect(JSON.parse(program.posted[0]?.body ?? "")).toMatchObject({
    type: "hold.answered",
    data: { id: "refund-42", by: "ada", answer: { decision: "approve" } },
  });
  // One is called after the other, so by the next call the first has been told of.
  await decide("refund-43");
  await expect.poll(() => program.posted.length, { timeout: 30_000 }).toBe(2);
  child.kill("SIGTERM");
  const { stderr } = await ended;
  expect(stderr).toContain('Delivering what was decided of "refund-42" to "billing" failed: it answered 410.');
  expect(stderr).not.toContain("hunter2");
});

it("starts while the gateway is away, says so, and answers tasks once it is back", async () => {
  const { ledger } = workplace;
  const mesh = await createLocalMesh({
    gateway: "a2a",
    actors: { "x-pause": createPauseActor({ ledger }), "x-resume": createResumeActor({ ledger }) },
  });
  const away = await serveGateway(mesh);
  const via = away.url;
  await mesh.send(["x-pause"], { n: 1 }, { id: "task-1" }).outcome;
  await away.close();
  const { child, ended, line } = start(["--via", via]);
  const { url = "", token = "" } = await line();
  const login = await fetch(`${url}login`, {
    method: "POST",
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });
  const headers = { cookie: login.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
  const answer = async (): Promise<Response> => {
    const page = await (await fetch(`${url}task?id=task-1`, { headers })).text();
    const formToken =
      / action="\/task[^>]*>\s*<input type="hidden" name="token" value="([^"]+)"/u.exec(page)?.[1] ?? "";
    const body = new URLSearchParams({ token: formToken });
    return await fetch(`${url}task?id=task-1`, { method: "POST", body, headers, redirect: "manual" });
  };
  const early = await answer();
  expect([early.status, await early.text()]).toEqual([409, expect.stringContaining("The gateway does not answer.")]);
  const back = await serveGateway(mesh, { port: Number(new URL(via).port) });
  expect((await answer()).status).toBe(303);
  await expect.poll(async () => (await ledger.inspect("task-1"))?.state, { timeout: 30_000 }).toBe("resumed");
  child.kill("SIGTERM");
  expect((await ended).stderr).toContain(
    "cannot be reached (ECONNREFUSED). Check its address, and that it can be reached from here. The inbox starts without it",
  );
  await back.close();
  await mesh.close();
});

it("does not start for a gateway that wants another key, or for what is none", async () => {
  await using other = await startPostServer();
  for (const [status, problem] of [
    [401, "wants a key or a token"],
    [404, "there is neither api/v1/mesh/ (404) nor a2a/ (404)"],
  ] as const) {
    other.answer = () => ({ status });
    expect(await workplace.cli(["inbox", "--port", "0", "--via", other.url])).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining(problem),
    });
  }
  // A proxy answers for a gateway that is away.
  other.answer = () => ({ status: 503 });
  const { child, ended, line } = start(["--via", other.url]);
  await line();
  child.kill("SIGTERM");
  expect((await ended).stderr).toContain("does not reach it (503)");
});
