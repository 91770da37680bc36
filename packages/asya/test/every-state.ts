import type { CheckpointStore, JsonObject } from "@holdpoint/core";
import { parseLosslessJson } from "@holdpoint/core/json";

import { createPauseLedger } from "../src/create-pause-ledger.ts";
import type { Envelope } from "../src/envelope.ts";
import type { PauseLedger } from "../src/pause-ledger.ts";
import { atNextPause, openLedger, pauseEnvelope, resumeEnvelope } from "./ledger-fixture.ts";
import { withoutConditionalDelete } from "./without-conditional-delete.ts";

/** Documents by the names of their states, and the texts of errors by what brings them about. */
export interface EveryState {
  readonly documents: ReadonlyMap<string, string>;
  readonly errors: Readonly<Record<string, string>>;
}

const metadata = {
  prompt: "Refund 5000?",
  fields: [
    { name: "approved", type: "boolean" as const },
    { name: "note", type: "string" as const, payload_key: "/review/note", required: false, widget: "textarea" },
  ],
  theme: "dark",
};
const headers = { traceparent: "00-abc", "x-asya-a2a-task-id": "a2a-7", "x-asya-deadline-at": "2026-01-31T12:00:30Z" };
const route = { prev: ["analyzer"], curr: "x-pause", next: ["fix", "x-pause", "publish"] };
const first = (): Envelope =>
  pauseEnvelope({
    route,
    headers,
    status: { created_at: "2026-01-31T11:59:00Z" },
    payload: parseLosslessJson('{"order":12345678901234567890,"score":1.0,"10":2,"text":"äöü \\ud800"}') as JsonObject,
  });
const answer = (parts: Partial<Envelope> = {}): Envelope =>
  resumeEnvelope({
    headers: { "x-asya-resume-task": "task-1", "x-asya-resume-timeout": 90.5, priority: "high" },
    status: { phase: "pending", created_at: "2026-01-31T12:00:00Z" },
    payload: { approved: true, note: "fine", other: 1 },
    ...parts,
  });
const child = pauseEnvelope({ id: "child-1", parent_id: "task-1", headers });

/** What other x-pauses store, as it stands on the disk. */
export const foreignDocuments: ReadonlyMap<string, string> = new Map([
  [
    "foreign-paused",
    '{"id": "task-1", "route": {"prev": ["analyzer"], "curr": "x-pause", "next": ["x-resume", "publish"]}, "headers": {"traceparent": "00-abc"}, "payload": {"order": 12345678901234567890}, "_pause_metadata": {"prompt": "Review", "fields": [{"name": "approved", "type": "boolean"}]}}',
  ],
  [
    "foreign-shifted",
    '{"id": "task-1", "route": {"prev": ["analyzer", "x-pause"], "curr": "x-resume", "next": ["publish"]}, "headers": {}, "payload": {"score": 1.0}}',
  ],
  [
    "foreign-second-point",
    '{"id": "resume-message-1", "route": {"prev": ["x-resume", "fix"], "curr": "x-pause", "next": ["x-resume", "publish"]}, "headers": {"x-holdpoint-trail": {"for": "resume-message-1", "task": "task-1", "run": "00000000-0000-4000-8000-000000000001", "sequence": 1, "version": "2", "aliases": ["a2a-7"]}}, "payload": {}}',
  ],
]);

/** Leads tasks through every state and every refusal, with a clock that is always the same. */
export async function writeEveryState(): Promise<EveryState> {
  const documents = new Map<string, string>();
  const errors: Record<string, string> = {};
  const note = async (name: string, store: CheckpointStore, key = "paused/task-1.json"): Promise<void> => {
    const body = (await store.get(key))?.body;
    if (body === undefined) throw new Error(`There is nothing under ${key} for ${name}.`);
    documents.set(name, withoutChance(new TextDecoder().decode(body)));
  };
  const refuse = async (name: string, attempt: () => Promise<unknown>): Promise<void> => {
    const error = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { readonly code?: string },
    );
    if (error === undefined) throw new Error(`Nothing was refused: ${name}.`);
    errors[name] = withoutChance(`${error.name} ${error.code ?? ""}: ${error.message}`);
  };

  const { ledger, store } = await openLedger();
  await ledger.pause(first(), { metadata });
  await note("paused", store);
  await note("second-id", store, "paused/a2a-7.json");
  await refuse("resume: the header of the time left", async () =>
    ledger.resume(answer({ headers: { "x-asya-resume-task": "task-1", "x-asya-resume-timeout": "soon" } })),
  );
  await refuse("resume: strict", async () =>
    ledger.resume(answer({ payload: { note: 1, other: 2 } }), { validation: "strict" }),
  );
  await refuse("resume: __proto__", async () =>
    ledger.resume(answer({ payload: JSON.parse('{"note":{"__proto__":1}}') as JsonObject })),
  );
  await refuse("resume: another version", async () => ledger.resume(answer(), { ifVersion: "0" }));
  await refuse("cancel: another version", async () => ledger.cancel("task-1", { ifVersion: "0" }));
  await ledger.pause(child);
  await note("paused-child", store, "paused/child-1.json");
  const { message } = await ledger.resume(answer(), { by: "ada" });
  await note("resumed", store);
  await refuse("resume: already resumed", async () => ledger.resume(answer({ id: "late" })));
  await refuse("cancel: already resumed", async () => ledger.cancel("task-1"));
  await ledger.pause(atNextPause(answer(), message), { metadata });
  await note("paused-second-point", store);
  await note("second-id-of-an-answer", store, "paused/resume-message-1.json");
  await ledger.resume(answer({ id: "resume-task-1" }));
  await note("resumed-second-point", store);
  await ledger.cancel("child-1", { by: "ops", reason: "duplicate" });
  await note("canceled", store, "paused/child-1.json");
  await refuse("resume: canceled", async () => ledger.resume(answer({ headers: { "x-asya-resume-task": "child-1" } })));
  await ledger.pause(pauseEnvelope({ id: "task-2", headers }));
  await ledger.pause(pauseEnvelope({ id: "task-3", headers }));
  await note("second-id-of-several", store, "paused/a2a-7.json");
  await refuse("resume: ambiguous", async () =>
    ledger.resume(answer({ id: "x", headers: { "x-asya-resume-task": "a2a-7" } })),
  );
  await refuse("resume: not found", async () =>
    ledger.resume(answer({ id: "unknown", headers: { "x-asya-resume-task": "none" } })),
  );
  await refuse("cancel: not found", async () => ledger.cancel("none"));
  await refuse("pause: no message", async () => ledger.pause({ id: "", payload: [], headers: [] } as never));
  await refuse("resume: no message", async () => ledger.resume({ route: {} } as never));
  await refuse("pause: too large", async () => ledger.pause(pauseEnvelope({ payload: { text: "x".repeat(2 ** 26) } })));
  await refuse("prune: negative", async () => ledger.prune({ olderThanMs: -1 }));
  await refuse("create: retention", async () => createPauseLedger(store, { retentionMs: 0.5 }));
  await repeatedResume(refuse);
  await displaced(note);
  await emptied(note);
  await unreadable(refuse);
  return { documents, errors };
}

type Refuse = (name: string, attempt: () => Promise<unknown>) => Promise<void>;
type Note = (name: string, store: CheckpointStore, key?: string) => Promise<void>;

async function repeatedResume(refuse: Refuse): Promise<void> {
  const { ledger } = await openLedger();
  await ledger.pause(pauseEnvelope({ route }));
  const again = resumeEnvelope({ id: "resume-task-1" });
  const { message } = await ledger.resume(again);
  await ledger.pause(atNextPause(again, message));
  await refuse("resume: repeated", async () => ledger.resume(again));
  const deep = { prompt: "?", fields: [{ name: "a", type: "string" as const, payload_key: "/analysis/deep" }] };
  await ledger.pause(pauseEnvelope({ id: "task-2" }), { metadata: deep });
  const named = { "x-asya-resume-task": "task-2" };
  await refuse("resume: no place", async () => ledger.resume(resumeEnvelope({ headers: named, payload: { a: "b" } })));
}

async function displaced(note: Note): Promise<void> {
  const { ledger, store } = await openLedger();
  await ledger.pause(first(), { metadata });
  await ledger.pause(pauseEnvelope({ status: { created_at: "2026-02-07T12:00:00Z" } }));
  await note("paused-after-another", store);
  for await (const { key } of store.list({ prefix: "superseded/" })) await note("displaced", store, key);
}

async function emptied(note: Note): Promise<void> {
  const opened = await openLedger();
  const store = withoutConditionalDelete(opened.store);
  let time = Date.parse("2026-01-31T12:00:00Z");
  const ledger: PauseLedger = createPauseLedger(store, { now: () => new Date((time += 1_000)) });
  await ledger.pause(first(), { metadata });
  await ledger.resume(answer());
  await ledger.pause(child);
  await ledger.cancel("child-1");
  await ledger.prune({ olderThanMs: 0 });
  await note("resumed-emptied", store);
  await note("canceled-emptied", store, "paused/child-1.json");
}

async function unreadable(refuse: Refuse): Promise<void> {
  const texts = [
    "",
    "{",
    '{"payload":NaN}',
    "[]",
    '{"id":"task-1"}',
    '{"route":{"next":[]}}',
    '{"route":{"next":[]},"payload":"text"}',
    '{"_holdpoint":{}}',
    '{"_holdpoint":{"format":2}}',
    '{"_holdpoint":{"format":1,"state":"pausd"}}',
    '{"_holdpoint":{"format":1,"state":"alias","targets":[1]}}',
    `{"payload":${"[".repeat(1_200)}${"]".repeat(1_200)}}`,
  ];
  for (const text of texts) {
    const { ledger, store } = await openLedger();
    await store.put("paused/task-1.json", new TextEncoder().encode(text));
    await refuse(`corrupt: ${text.slice(0, 60)}`, async () => ledger.inspect("task-1"));
  }
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gu;

/** The same text whatever ids were drawn. */
function withoutChance(text: string): string {
  const seen: string[] = [];
  return text.replaceAll(uuid, (drawn) => {
    if (!seen.includes(drawn)) seen.push(drawn);
    return `00000000-0000-4000-8000-${String(seen.indexOf(drawn) + 1).padStart(12, "0")}`;
  });
}
