import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createHolds } from "@holdpoint/core/holds";
import type { Holds } from "@holdpoint/core/holds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

const ask = ["ask", "refund-42", "-m", "Refund 5000?"];

let workplace: Workplace;
let holds: Holds;

beforeEach(async () => {
  workplace = await openWorkplace();
  holds = createHolds(workplace.store);
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(workplace.directory, name);
  await writeFile(path, content);
  return path;
}

describe("holdpoint ask", () => {
  it("asks once, whoever asks, and refuses another question under the id", async () => {
    const first = await workplace.cli([...ask, "--label", "team=pay", "--by", "agent"]);
    expect(first).toEqual({ exitCode: 0, stdout: "refund-42 is asked; it is waiting.\n", stderr: "" });
    const [again, other, kept] = await Promise.all([
      workplace.cli([...ask, "--json"]),
      workplace.cli(["ask", "refund-42", "-m", "Refund 6000?"]),
      workplace.cli(["ask", "refund-42", "-m", "Refund 6000?", "--if-different", "keep", "--json"]),
    ]);
    expect(jsonLines(again.stdout)).toEqual([{ outcome: "found", id: "refund-42", state: "waiting" }]);
    expect(other).toMatchObject({ exitCode: 4, stdout: "", stderr: expect.stringContaining("refund-42") });
    expect(jsonLines(kept.stdout)).toEqual([{ outcome: "kept", id: "refund-42", state: "waiting" }]);
    expect(await holds.inspect("refund-42")).toMatchObject({
      message: "Refund 5000?",
      openedBy: "agent",
      labels: { team: "pay" },
      question: { decisions: [{ name: "approve" }, { name: "reject" }] },
    });
  });

  it("takes content from a file that begins with a mark of UTF-8, or from a pipe, as it is", async () => {
    const content = '{"amount":12345678901234567890,"to":"Zoë"}';
    const withMark = await file("content.json", `\u{FEFF}${content}`);
    const [marked, piped] = await Promise.all([
      workplace.cli([...ask, "--content", withMark]),
      workplace.cli(["ask", "piped", "-m", "?", "-c", "-"], { input: content }),
    ]);
    expect([marked, piped]).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
    for (const id of ["refund-42", "piped"]) {
      expect(JSON.stringify((await holds.inspect(id))?.content)).toBe(content);
    }
  });

  it("says what is wrong with a file, and asks nothing", async () => {
    const latin1 = await file("latin1.json", Buffer.from('{"to":"Zo\u00EB"}', "latin1"));
    const utf16 = await file("utf16.json", Buffer.from('\u{FEFF}{"to":"Zoë"}', "utf16le"));
    const broken = await file("broken.json", "{");
    const ended = await Promise.all(
      [latin1, utf16, broken, join(workplace.directory, "missing")].map((path) =>
        workplace.cli([...ask, "--content", path]),
      ),
    );
    const problems = ["is not UTF-8", "is UTF-16; write it as UTF-8", "is not JSON", "cannot be read"];
    for (const [index, problem] of problems.entries()) {
      expect(ended[index]).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining(problem) });
    }
    expect(await holds.inspect("refund-42")).toBeNull();
  });

  it("keeps what whoever acts needs, byte for byte", async () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x41, 0xff, 0x00]);
    const text = "\u{FEFF}plain text\n";
    const [asBytes, asText] = await Promise.all([file("bytes", bytes), file("text", text)]);
    await Promise.all([
      workplace.cli(["ask", "bytes", "-m", "?", "--saved-state", asBytes]),
      workplace.cli(["ask", "text", "-m", "?", "--saved-state", asText]),
    ]);
    for (const [id, expected] of [
      ["bytes", bytes],
      ["text", text],
    ] as const) {
      await holds.answer(id, { decision: "approve" });
      expect(await holds.act(id, ({ savedState }) => expect(savedState).toEqual(expected))).toMatchObject({
        ran: true,
      });
    }
  });

  it("names decisions of one's own, expiries, and people who may not answer", async () => {
    const { exitCode, stderr } = await workplace.cli([
      ...ask,
      ..."-d approve -d escalate=rejecting --expires-in 2h --on-expiry escalate".split(" "),
      ..."--approvals 2 --not-by agent --issuer https://login.example.com".split(" "),
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(await holds.inspect("refund-42")).toMatchObject({
      approvals: 2,
      notBy: [{ issuer: "https://login.example.com", subject: "agent" }],
      expiresAt: expect.any(Date),
      question: {
        decisions: [
          { name: "approve", approving: true },
          { name: "escalate", approving: false },
        ],
      },
    });
    const silent = ["--expires-in", "2h", "--on-expiry", "approve"];
    const [refused, allowed] = await Promise.all([
      workplace.cli(["ask", "silence", "-m", "?", ...silent]),
      workplace.cli(["ask", "silence-2", "-m", "?", ...silent, "--allow-on-expiry"]),
    ]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("although nobody has answered") });
    expect(allowed.exitCode).toBe(0);
  });

  it("gives decisions labels, which stand after what they mean", async () => {
    const decisions = ["approve:Yes: at once", "a=b=rejecting", "later=rejecting:Not before\u001B[2J Monday"];
    const asked = await workplace.cli([...ask, ...decisions.flatMap((decision) => ["-d", decision])]);
    expect(asked).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await holds.inspect("refund-42"))?.question?.decisions).toEqual([
      { name: "approve", label: "Yes: at once", approving: true },
      { name: "a=b", approving: false },
      { name: "later", label: "Not before\u001B[2J Monday", approving: false },
    ]);
    const [shown, unclear, empty, contrary] = await Promise.all([
      workplace.cli(["show", "refund-42"]),
      ...["later:Not now", "approve:", "reject=approving:Yes"].map((decision) =>
        workplace.cli(["ask", "other", "-m", "?", "-d", decision]),
      ),
    ]);
    expect(shown.stdout).toContain(String.raw`later "Not before\u001b[2J Monday" (lets nobody act)`);
    expect(unclear).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('whether "later" is approving') });
    expect(empty).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("label: expected text") });
    expect(contrary).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("never approving") });
    expect(await holds.inspect("other")).toBeNull();
  });
});

describe("holdpoint answer", () => {
  beforeEach(async () => {
    await holds.open("refund-42", {
      ask: { message: "Refund?", decisions: ["approve", "edit", "reject", "respond"] },
      content: { amount: 5 },
    });
  });

  it("counts the first answer, finds it again, and refuses every other", async () => {
    const answer = ["answer", "refund-42", "approve", "--by"];
    const first = await workplace.cli([...answer, "ada"]);
    expect(first).toEqual({ exitCode: 0, stdout: "refund-42 is answered.\n", stderr: "" });
    const [again, other, otherwise] = await Promise.all([
      workplace.cli([...answer, "ada", "--json"]),
      workplace.cli([...answer, "ben", "--json"]),
      workplace.cli(["answer", "refund-42", "reject", "--by", "ada"]),
    ]);
    expect(again.exitCode).toBe(0);
    expect(jsonLines(again.stdout)).toMatchObject([{ outcome: "found", state: "answered" }]);
    expect(other).toMatchObject({ exitCode: 4, stdout: "" });
    expect(jsonLines(other.stderr)).toMatchObject([
      { error: { code: "already-answered", message: expect.stringContaining('"ada"') } },
    ]);
    expect(otherwise).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("answered") });
  });

  it("takes one of two that answer at once", async () => {
    const ended = await Promise.all(
      ["ada", "ben"].map((by) => workplace.cli(["answer", "refund-42", "approve", "--by", by])),
    );
    expect(new Set(ended.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 4]));
  });

  it("takes an id that looks like an option", async () => {
    await workplace.cli(["ask", "-m", "Odd?", "--", "-x"]);
    expect(await workplace.cli(["answer", "--by", "ada", "--", "-x", "reject"])).toMatchObject({
      exitCode: 0,
      stdout: "-x is rejected.\n",
    });
    expect(await workplace.cli(["show", "--", "-x"])).toMatchObject({ exitCode: 0 });
  });

  it("names every fault of an answer, and the hold still waits", async () => {
    const [missing, unknown, silent, nobody] = await Promise.all([
      workplace.cli(["answer", "refund-42"]),
      workplace.cli(["answer", "refund-42", "maybe"]),
      workplace.cli(["answer", "refund-42", "respond"]),
      workplace.cli(["answer", "nobody", "approve"]),
    ]);
    expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("decision is missing") });
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('decision is "maybe"') });
    expect(silent).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("comment is missing") });
    expect(nobody).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('"holds/nobody.json"') });
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "waiting" });
  });

  it("edits the content, from a file with a mark of UTF-8", async () => {
    const content = await file("edited.json", '\u{FEFF}{"amount":4}');
    expect(await workplace.cli(["answer", "refund-42", "edit", "--content", content])).toMatchObject({ exitCode: 0 });
    expect(await holds.act("refund-42", (work) => work.content)).toMatchObject({ receipt: { amount: 4 } });
  });

  it("counts the votes of several people", async () => {
    await holds.open("two", { ask: { message: "?" }, approvals: 2 });
    const vote = async (by: string) =>
      await workplace.cli(["answer", "two", "approve", "--by", by, "--issuer", "https://idp"]);
    expect(await vote("ada")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("waits for 1 more person"),
    });
    expect(await vote("ben")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("is answered") });
  });
});

describe("a question for a value", () => {
  it("is answered by fields or a file, and every fault is named", async () => {
    const schema = await file(
      "schema.json",
      '\u{FEFF}{"type":"object","properties":{"region":{"enum":["eu","us"]},"count":{"type":"integer"}},"required":["region"]}',
    );
    const asked = await workplace.cli(["ask", "region-1", "-m", "Where?", "--schema", schema]);
    expect(asked).toMatchObject({ exitCode: 0, stderr: "" });
    const wrong = await workplace.cli(["answer", "region-1", "-f", "region=moon", "-f", "count=many"]);
    expect(wrong).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("value: region") });
    expect(wrong.stderr).toContain("value: count");
    const input = await file("value.json", '{"region":"us"}');
    const given = await workplace.cli(["answer", "region-1", "-i", input, "-f", "count=2"]);
    expect(given).toMatchObject({ exitCode: 0, stdout: "region-1 is answered.\n" });
    expect(await holds.inspect("region-1")).toMatchObject({ answer: { value: { region: "us", count: 2 } } });
    expect((await workplace.cli(["show", "region-1"])).stdout).toContain('"enum"');
  });
});

it("a field is read as what its property refers to", async () => {
  const properties = {
    count: { $ref: "#/$defs/count" },
    rate: { anyOf: [{ $ref: "#/$defs/count" }, { type: "null" }] },
    level: { enum: [1, 2] },
    code: { oneOf: [{ const: "1" }, { const: "2" }] },
    fixed: { const: 7 },
    more: { $ref: "#" },
  };
  const schema = {
    $ref: "#/$defs/answer",
    $defs: { answer: { type: "object", properties }, count: { type: "integer" } },
    properties,
  };
  await holds.open("counts", { ask: { message: "?", schema } });
  const fields = ["count=2", "rate=null", "level=1", "code=1", "fixed=7", "more={}"];
  const given = await workplace.cli(["answer", "counts", ...fields.flatMap((field) => ["-f", field])]);
  expect(given).toMatchObject({ exitCode: 0, stderr: "" });
  const value = { count: 2, rate: null, level: 1, code: "1", fixed: 7, more: {} };
  expect((await holds.inspect("counts"))?.answer?.value).toEqual(value);
});

it("what is wrong with a question is said in the words of the command", async () => {
  const wrong = async (...parameters: readonly string[]): Promise<string> => {
    const { exitCode, stderr } = await workplace.cli(["ask", "a", "-m", "?", ...parameters]);
    expect(exitCode).toBe(2);
    return stderr;
  };
  expect(await wrong("--on-expiry", "reject")).toBe("holdpoint: --on-expiry: it needs --expires-in.\n");
  expect(await wrong("--on-expiry", "approve", "--expires-in", "1h")).toContain(
    '--on-expiry: "approve" lets act although nobody has answered; say --allow-on-expiry if that is meant.',
  );
  expect(await wrong("--expires-in", "0s")).toContain("--expires-in: ");
  expect(await wrong("--not-by", "")).toContain(
    "--not-by[0]: expected a name, with --issuer if somebody vouches for it",
  );
  expect(await wrong("--decision", "ship", "--decision", "stop")).toContain(
    '--decision[0]: say whether "ship" is approving: write <name>=approving or <name>=rejecting.',
  );
  await workplace.cli(["ask", "a", "-m", "?", "--approvals", "2"]);
  const other = await workplace.cli(["ask", "a", "-m", "Another?"]);
  expect(other).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("--fingerprint, or --if-different keep"),
  });
  expect((await workplace.cli(["answer", "a", "approve", "--by", "ada"])).stderr).toContain(
    "--issuer must say who vouches for --by",
  );
});

it("an id of the other kind is said to be one", async () => {
  await holds.open("a", { ask: { message: "?" } });
  await workplace.ledger.pause(pauseEnvelope());
  const [answered, resumed, shown, waited] = await Promise.all(
    [
      ["answer", "task-1", "approve"],
      ["resume", "a", "-f", "ok=true"],
      ["show", "b"],
      ["wait", "b"],
    ].map((parameters) => workplace.cli(parameters)),
  );
  expect(answered).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("but a task: holdpoint resume") });
  expect(resumed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("but a hold: holdpoint answer") });
  expect(shown).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("; nor is there a hold.") });
  expect(waited).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("; nor is there a task.") });
});

it("help of a command is what help and its name give", async () => {
  const [help, option] = await Promise.all(
    [
      ["help", "ls"],
      ["ls", "--help"],
    ].map((given) => workplace.cli(given)),
  );
  expect(help).toEqual(option);
  expect(help?.stdout).toContain("Usage: holdpoint ls");
});

describe("a question for fields", () => {
  const fields = [
    { name: "approved", type: "boolean", prompt: "Approve?", payload_key: "/review/approved" },
    { name: "count", type: "number", prompt: "How many?", default: 3, required: false },
    { name: "region", type: "string", options: ["eu", "us"] },
  ];

  it("is made of the guide's fields, and answered by them", async () => {
    const input = `\u{FEFF}${JSON.stringify(fields)}`;
    const asked = await workplace.cli([...ask, "--fields", "-"], { input });
    expect(asked).toEqual({ exitCode: 0, stdout: "refund-42 is asked; it is waiting.\n", stderr: "" });
    expect((await holds.inspect("refund-42"))?.question).toMatchObject({ kind: "input", fields });
    const wrong = await workplace.cli(["answer", "refund-42", "-f", "approved=perhaps", "-f", "region=moon"]);
    expect(wrong).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("value: approved") });
    expect(wrong.stderr).toContain("value: region");
    const given = await workplace.cli(["answer", "refund-42", "-f", "approved=false", "-f", "region=eu"]);
    expect(given).toMatchObject({ exitCode: 0, stdout: "refund-42 is answered.\n" });
    expect(await holds.inspect("refund-42")).toMatchObject({ answer: { value: { approved: false, region: "eu" } } });
  });

  it("is asked with a word on what is probably mistyped", async () => {
    const mistyped = [
      { ...fields[0], requird: false },
      { ...fields[2], default: "moon\u001B[2J" },
    ];
    const asked = await workplace.cli([...ask, "--fields", "-"], { input: JSON.stringify(mistyped) });
    expect(asked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("is asked") });
    expect(asked.stderr).toBe(
      'fields.0.requird: did you mean "required"? It is passed on as it is.\nfields.1.default: it is not one of "eu", "us".\n',
    );
  });

  it("says what is wrong with them, and asks nothing", async () => {
    const [good, object, untyped] = await Promise.all([
      file("fields.json", JSON.stringify(fields)),
      file("object.json", JSON.stringify({ fields })),
      file("untyped.json", '[{"name":"approved","type":"yes"}]'),
    ]);
    const faults = [
      [["--fields", object], "are not a JSON list"],
      [["--fields", untyped], "--fields: [0].type: expected one of string"],
      [["--fields", good, "-d", "approve"], "'-d, --decision <name>'"],
      [["--fields", good, "--schema", object], "'--schema <file>'"],
      [["--fields", "-", "--content", "-"], "Only one of"],
    ] as const;
    const ended = await Promise.all(faults.map(([given]) => workplace.cli([...ask, ...given])));
    for (const [index, [, problem]] of faults.entries()) {
      expect(ended[index]).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining(problem) });
    }
    expect(await holds.inspect("refund-42")).toBeNull();
  });
});

describe("holdpoint expire", () => {
  it("applies what is over, once, and counts it beforehand", async () => {
    const past = new Date(Date.now() - 60_000);
    const then = createHolds(workplace.store, { now: () => new Date(past.getTime() - 60_000) });
    await then.open("ends", { ask: { message: "?" }, expiresAt: past });
    await then.open("rejects", { ask: { message: "?" }, expiresAt: past, onExpiry: { decision: "reject" } });
    await holds.open("waits", { ask: { message: "?" }, expiresInMs: 3_600_000 });
    const [dry, ls] = await Promise.all([workplace.cli(["expire", "--dry-run"]), workplace.cli(["ls"])]);
    expect(dry.stdout).toBe("Examined 3 holds, would have ended 1, would have answered 1.\n");
    expect(ls.stdout).toMatch(/expired .*ends .*due/u);
    expect(jsonLines((await workplace.cli(["expire", "--json"])).stdout)).toEqual([
      {
        examined: 3,
        expired: 1,
        answered: 1,
        dryRun: false,
        tasks: { due: 0, canceled: 0, sent: 0, printed: 0, left: 0 },
      },
    ]);
    expect(jsonLines((await workplace.cli(["expire", "--json"])).stdout)).toMatchObject([{ expired: 0, answered: 0 }]);
    expect((await holds.inspect("rejects"))?.state).toBe("rejected");
  });
});

describe("holds and tasks as one", () => {
  beforeEach(async () => {
    await holds.open(
      "deploy-7",
      { ask: { message: "Deploy?" }, content: { to: "eu" }, labels: { team: "web" } },
      { by: "ci" },
    );
    await holds.open("ended", { ask: { message: "?" } });
    await holds.answer("ended", { decision: "reject", comment: "no\u001B[2J" }, { by: "ada" });
    await workplace.ledger.pause(pauseEnvelope(), { metadata: { prompt: "Approve?", fields: [] } });
  });

  it("are listed together, by state and by label", async () => {
    const [open, rejected, labelled, all] = await Promise.all([
      workplace.cli(["ls", "--json"]),
      workplace.cli(["ls", "--state", "rejected"]),
      workplace.cli(["ls", "--label", "team=web", "--json"]),
      workplace.cli(["ls", "--state", "all", "--json"]),
    ]);
    expect(jsonLines(open.stdout)).toMatchObject([
      { kind: "task", id: "task-1", state: "paused" },
      { kind: "hold", id: "deploy-7", state: "waiting", message: "Deploy?", labels: { team: "web" }, openedBy: "ci" },
    ]);
    expect(rejected.stdout).toMatch(/^\S+ {2}rejected {2}ended /u);
    expect(jsonLines(labelled.stdout)).toMatchObject([{ id: "deploy-7" }]);
    expect(jsonLines(all.stdout)).toHaveLength(3);
  });

  it("are shown, and nothing that a hold holds acts on the terminal", async () => {
    const [hold, json, ended] = await Promise.all([
      workplace.cli(["show", "deploy-7"]),
      workplace.cli(["show", "deploy-7", "--json"]),
      workplace.cli(["show", "ended"]),
    ]);
    expect(hold.stdout).toMatch(/^deploy-7 {2}waits for an answer\n {2}kept as {2}holds\/deploy-7\.json at file:/u);
    for (const part of ["Deploy?", "approve (lets act), reject (lets nobody act)", "team=web", '"to": "eu"']) {
      expect(hold.stdout).toContain(part);
    }
    expect(jsonLines(json.stdout)).toMatchObject([{ kind: "hold", id: "deploy-7", content: { to: "eu" } }]);
    expect(ended.stdout).toContain(String.raw`no\u001b[2J`);
  });

  it("are canceled alike, and one that is acted on is not", async () => {
    await holds.open("task-1", { ask: { message: "?" } });
    const [both, hold, task, done] = await Promise.all([
      workplace.cli(["cancel", "task-1"]),
      workplace.cli(["cancel", "task-1", "--kind", "hold", "--json"]),
      workplace.cli(["cancel", "task-1", "--kind", "task"]),
      workplace.cli(["cancel", "ended"]),
    ]);
    expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--kind task or --kind hold") });
    expect(jsonLines(hold.stdout)).toEqual([{ outcome: "canceled", id: "task-1" }]);
    expect(task).toMatchObject({ exitCode: 0, stdout: "task-1 is canceled.\n" });
    expect(done).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("ended") });
  });

  it("are pruned alike, and a hold leaves a stub by which nothing is asked twice", async () => {
    await workplace.ledger.cancel("task-1", { by: "ops" });
    const dry = await workplace.cli(["prune", "--older-than", "0s", "--dry-run"]);
    expect(dry.stdout).toBe("Examined 3 documents, would remove 1, would empty 1.\n");
    const { stdout } = await workplace.cli(["prune", "--older-than", "0s", "--json"]);
    expect(jsonLines(stdout)).toEqual([{ examined: 3, removed: 1, compacted: 1, dryRun: false }]);
    expect(await workplace.cli(["ask", "ended", "-m", "?"])).toMatchObject({
      exitCode: 0,
      stdout: "ended was asked before; it is rejected.\n",
    });
    expect((await workplace.cli(["show", "ended"])).stdout).toContain("(emptied by prune)");
  });
});
