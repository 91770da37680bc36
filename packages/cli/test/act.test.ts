import type { ChildProcess } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createHolds } from "@holdpoint/core/holds";
import type { Holds } from "@holdpoint/core/holds";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Ended, Workplace } from "./run-cli.ts";
import { executable, jsonLines, openWorkplace, run } from "./run-cli.ts";

const content = { amount: 5000 };

let workplace: Workplace;
let holds: Holds;

beforeEach(async () => {
  workplace = await openWorkplace();
  holds = createHolds(workplace.store);
  await holds.open("refund-42", { ask: { message: "Refund?" }, content });
  await holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

const act = async (
  parameters: readonly string[],
  script: string,
  onStart?: (child: ChildProcess) => void,
): Promise<Ended> => await workplace.cli(["act", ...parameters, "--", "sh", "-c", script], { onStart });

const path = (name: string): string => join(workplace.directory, name);
const lines = async (name: string): Promise<readonly string[]> =>
  (await readFile(path(name), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

/** Whether a process lives: one that has ended and that nobody has asked after yet does not. */
async function isAlive(pid: string | undefined): Promise<boolean> {
  const status = await run("ps", ["-o", "stat=", "-p", pid ?? ""]);
  return status.exitCode === 0 && !status.stdout.startsWith("Z");
}

describe("holdpoint act", () => {
  it("runs the command once, and gives whoever comes later its output and its exit code", async () => {
    const script = `cat; env | grep -E '^HOLDPOINT_(ATTEMPT|DECISION|HOLD|IDEMPOTENCY_KEY)=' | sort; echo warned >&2; echo ran >> '${path("ran")}'`;
    const first = await act(["refund-42"], script);
    expect(first).toMatchObject({ exitCode: 0, stderr: "warned\n" });
    expect(first.stdout).toMatch(
      /^\{"amount":5000\}\nHOLDPOINT_ATTEMPT=1\nHOLDPOINT_DECISION=approve\nHOLDPOINT_HOLD=refund-42\nHOLDPOINT_IDEMPOTENCY_KEY=\S+\n$/u,
    );
    const [again, json] = await Promise.all([act(["refund-42"], script), act(["refund-42", "--json"], script)]);
    expect(again).toEqual({
      exitCode: 0,
      stdout: first.stdout,
      stderr: "refund-42 is done since before, and nothing has run.\nwarned\n",
    });
    expect(jsonLines(json.stdout)).toEqual([
      {
        outcome: "done",
        id: "refund-42",
        ran: false,
        receipt: { exitCode: 0, stdout: { text: first.stdout }, stderr: { text: "warned\n" } },
      },
    ]);
    expect(await lines("ran")).toEqual(["ran"]);
  });

  it("runs it once when two act at once", async () => {
    const script = `echo "$$" >> '${path("ran")}'; sleep 1; echo paid`;
    const ended = await Promise.all([act(["refund-42", "--json"], script), act(["refund-42", "--json"], script)]);
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(new Set(ended.map(({ stdout }) => jsonLines(stdout)[0]?.["ran"]))).toEqual(new Set([false, true]));
    for (const { stdout } of ended)
      expect(jsonLines(stdout)).toMatchObject([{ receipt: { stdout: { text: "paid\n" } } }]);
    expect(await lines("ran")).toHaveLength(1);
  });

  it("takes every exit code for a receipt", async () => {
    const first = await act(["refund-42"], "echo no; exit 3");
    expect(first).toEqual({
      exitCode: 6,
      stdout: "no\n",
      stderr: "refund-42 is done: its command ended with exit code 3.\n",
    });
    expect(await act(["refund-42"], "echo other")).toMatchObject({ exitCode: 6, stdout: "no\n" });
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "done", receipt: { exitCode: 3 } });
  });

  it("keeps output up to a limit, passes all of it on, and says where it was cut", async () => {
    const script = `printf 'aé'; head -c 100000 /dev/zero | tr '\\0' b; printf '\\377\\000' >&2`;
    const first = await act(["refund-42", "--keep-output", "2"], script);
    expect(first.stdout).toHaveLength(100_002);
    expect(await holds.inspect("refund-42")).toMatchObject({
      // No character is cut in two.
      receipt: { stdout: { text: "a", cutBytes: 100_002 }, stderr: { base64: "/wA=" } },
    });
    const again = await act(["refund-42"], script);
    expect(again).toMatchObject({ exitCode: 0, stdout: "a" });
    expect(again.stderr).toContain("Of its stdout, 100002 more bytes were not kept.");
  });

  it("gives the whole work to a command that asks for it", async () => {
    await holds.open("whole", { ask: { message: "?" }, savedState: "state" });
    await holds.answer("whole", { decision: "approve", comment: "fine" }, { by: "ada" });
    const { stdout } = await act(["whole", "--stdin", "work"], "cat");
    expect(jsonLines(stdout)).toEqual([
      {
        id: "whole",
        content: null,
        savedState: "state",
        answer: expect.objectContaining({ decision: "approve", comment: "fine", by: "ada", approving: true }),
        idempotencyKey: expect.any(String),
        attempt: 1,
      },
    ]);
  });

  it("takes an id that looks like an option", async () => {
    await holds.open("-x", { ask: { message: "?" } });
    await holds.answer("-x", { decision: "approve" });
    const [ended, mistaken] = await Promise.all([
      workplace.cli(["act", "--", "-x", "--", "echo", "--", "done"]),
      workplace.cli(["act", "--", "-x", "echo"]),
    ]);
    expect(ended).toEqual({ exitCode: 0, stdout: "-- done\n", stderr: "" });
    expect(mistaken).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Unexpected "echo"') });
  });

  it("runs nothing where it may not", async () => {
    for (const id of ["waits", "no", "off"]) await holds.open(id, { ask: { message: "?" } });
    await holds.answer("no", { decision: "reject", comment: "too\u001Bmuch" }, { by: "ada" });
    await holds.cancel("off", { by: "ops" });
    const script = `echo ran >> '${path("ran")}'`;
    const [waits, no, off, nobody, noCommand, noDashes] = await Promise.all([
      act(["waits"], script),
      act(["no"], script),
      act(["off", "--json"], script),
      act(["nobody"], script),
      workplace.cli(["act", "refund-42", "--"]),
      workplace.cli(["act", "refund-42", "echo"]),
    ]);
    expect(waits).toMatchObject({ exitCode: 7, stderr: expect.stringContaining("still waits") });
    expect(no).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('is rejected by "ada"') });
    expect(no.stderr).toContain(String.raw`too\u001bmuch`);
    expect(off.exitCode).toBe(4);
    expect(jsonLines(off.stdout)).toMatchObject([{ outcome: "canceled", by: "ops" }]);
    expect(nobody.exitCode).toBe(3);
    expect(noCommand).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("No command is given") });
    expect(noDashes).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Unexpected "echo"') });
    expect(await lines("ran")).toEqual([]);
  });

  it("frees the hold if the command cannot be started", async () => {
    const ended = await workplace.cli(["act", "refund-42", "--", path("no-such-program")]);
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("could not be started") });
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "answered" });
    expect(await act(["refund-42"], "echo $HOLDPOINT_ATTEMPT")).toMatchObject({ exitCode: 0, stdout: "2\n" });
  });

  it("keeps the receipt also if nobody reads the output", async () => {
    const call = `"${process.execPath}" "${executable}" act refund-42 -- sh -c 'head -c 300000 /dev/zero; exit 0'`;
    await run("bash", ["-c", `${call} | exec sleep 0`], { environment: workplace.environment });
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "done", receipt: { exitCode: 0 } });
  });

  it("waits for nothing that has left the command's group", async () => {
    const leave = `setsid sh -c 'echo $$ > "${path("left")}"; exec sleep 20' & until [ -s '${path("left")}' ]; do sleep 0.1; done`;
    const stay = `sleep 20 & echo $! > '${path("stayed")}'`;
    const ended = await act(["refund-42"], `${leave}; ${stay}; echo done`);
    expect(ended).toMatchObject({ exitCode: 0, stdout: "done\n" });
    const [left] = await lines("left");
    const [stayed] = await lines("stayed");
    expect([await isAlive(left), await isAlive(stayed)]).toEqual([true, false]);
    process.kill(Number(left), "SIGKILL");
  });
});

describe("when the process ends within act", () => {
  const script = (): string =>
    `trap '' TERM; sleep 60 & echo $! >> '${path("pids")}'; echo $$ >> '${path("pids")}'; wait; sleep 60`;

  async function started(): Promise<readonly string[]> {
    return await vi.waitFor(
      async () => {
        const pids = await lines("pids");
        expect(pids).toHaveLength(2);
        return pids;
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  async function expectDead(pids: readonly string[]): Promise<void> {
    await vi.waitFor(async () => expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => false)), {
      timeout: 10_000,
      interval: 50,
    });
  }

  it("ends the command's group with kill -9, and leaves the hold in doubt until somebody settles", async () => {
    let child: ChildProcess | undefined;
    const killed = act(["refund-42", "--lease", "500ms"], script(), (startedChild) => {
      child = startedChild;
    });
    const pids = await started();
    child?.kill("SIGKILL");
    expect(await killed).toMatchObject({ exitCode: null });
    await expectDead(pids);
    expect((await workplace.cli(["ls"])).stdout).toMatch(/acting +refund-42/u);

    const next = `echo ran >> '${path("ran")}'; echo $HOLDPOINT_ATTEMPT`;
    const doubtful = await act(["refund-42"], next);
    expect(doubtful).toMatchObject({ exitCode: 8, stdout: "", stderr: expect.stringContaining("in doubt") });
    const [listed, shown, unsaid] = await Promise.all([
      workplace.cli(["ls", "--state", "in-doubt"]),
      workplace.cli(["show", "refund-42"]),
      workplace.cli(["settle", "refund-42"]),
    ]);
    expect(listed.stdout).toMatch(/in-doubt +refund-42/u);
    expect(shown.stdout).toContain("the worker went silent");
    expect(unsaid).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--applied or --not-applied") });
    expect(await lines("ran")).toEqual([]);

    expect(shown.stdout).toContain("settle it (--attempt 1)");
    const settle = ["settle", "refund-42", "--not-applied", "--reason", "no such payment", "--attempt"];
    const [another, none] = await Promise.all([
      workplace.cli([...settle, "2", "--json"]),
      workplace.cli([...settle, "0"]),
    ]);
    expect(another).toMatchObject({ exitCode: 4, stdout: "" });
    expect(jsonLines(another.stderr)).toMatchObject([
      { error: { code: "not-in-doubt", message: expect.stringContaining("it is in-doubt, at attempt 1") } },
    ]);
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--attempt <number>") });
    const settled = await workplace.cli([...settle, "1"]);
    expect(settled).toEqual({ exitCode: 0, stdout: "refund-42 is settled.\n", stderr: "" });
    expect(await act(["refund-42"], next)).toMatchObject({ exitCode: 0, stdout: "2\n" });
  });

  it("runs it again under the same key where that is asked for", async () => {
    let child: ChildProcess | undefined;
    const key = `echo $HOLDPOINT_ATTEMPT $HOLDPOINT_IDEMPOTENCY_KEY >> '${path("keys")}'`;
    const again = ["refund-42", "--when-in-doubt", "again", "--lease", "500ms"];
    const killed = act(again, `${key}; ${script()}`, (startedChild) => {
      child = startedChild;
    });
    const pids = await started();
    child?.kill("SIGKILL");
    await killed;
    await expectDead(pids);
    expect(await act(again, key)).toMatchObject({ exitCode: 0 });
    const [first = "", second = ""] = await lines("keys");
    expect([first.split(" ")[0], second.split(" ")[0]]).toEqual(["1", "2"]);
    expect(first.split(" ")[1]).toBe(second.split(" ")[1]);
  });

  it("ends the command's group if its guard is killed", async () => {
    let child: ChildProcess | undefined;
    const ended = act(["refund-42"], script(), (startedChild) => {
      child = startedChild;
    });
    const pids = await started();
    const guard = (await run("ps", ["-o", "pid=", "--ppid", String(child?.pid)])).stdout.trim();
    process.kill(Number(guard), "SIGKILL");
    expect(await ended).toMatchObject({ exitCode: 8, stderr: expect.stringContaining("guard") });
    await expectDead(pids);
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "in-doubt" });
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "passes %s on, and keeps the receipt of a command that ends well",
    async (signal) => {
      let child: ChildProcess | undefined;
      const name = signal.slice("SIG".length);
      const tidy = `trap 'echo tidied; exit 0' ${name}; echo ready > '${path("ready")}'; while :; do sleep 0.1; done`;
      const ended = act(["refund-42"], tidy, (startedChild) => {
        child = startedChild;
      });
      await vi.waitFor(async () => expect(await lines("ready")).toEqual(["ready"]), { timeout: 30_000, interval: 50 });
      child?.kill(signal);
      expect(await ended).toMatchObject({ exitCode: 0, stdout: "tidied\n" });
      expect(await holds.inspect("refund-42")).toMatchObject({ state: "done", receipt: { exitCode: 0 } });
    },
  );

  it("leaves the hold in doubt where a signal ends the command", async () => {
    const ended = await act(["refund-42"], "kill -KILL $$");
    expect(ended).toMatchObject({ exitCode: 8, stderr: expect.stringContaining("was ended by SIGKILL") });
    const receipt = path("receipt.json");
    await writeFile(receipt, '\u{FEFF}{"payment":7}');
    const settle = ["settle", "refund-42", "--applied", "--receipt", receipt, "--json", "--by", "ops"];
    expect(jsonLines((await workplace.cli(settle)).stdout)).toEqual([
      { outcome: "settled", id: "refund-42", applied: true },
    ]);
    expect(jsonLines((await workplace.cli(settle)).stdout)).toMatchObject([{ outcome: "already-settled" }]);
    expect(await act(["refund-42"], "echo again")).toMatchObject({ exitCode: 0, stdout: '{"payment":7}\n' });
  });

  it("is asked to end when the right to act is lost", async () => {
    const again = ["refund-42", "--when-in-doubt", "again", "--lease", "900ms"];
    let child: ChildProcess | undefined;
    const late = act(
      again,
      `trap 'echo "told" > ${path("told")}; exit 0' TERM; echo $$ > '${path("ready")}'; while :; do sleep 0.1; done`,
      (startedChild) => {
        child = startedChild;
      },
    );
    await vi.waitFor(async () => expect(await lines("ready")).toHaveLength(1), { timeout: 30_000, interval: 50 });
    child?.kill("SIGSTOP");
    expect(await act(again, "echo second")).toMatchObject({ exitCode: 0, stdout: "second\n" });
    child?.kill("SIGCONT");
    expect(await late).toMatchObject({ exitCode: 8, stderr: expect.stringContaining("decided about it meanwhile") });
    expect(await lines("told")).toEqual(["told"]);
  });
});
