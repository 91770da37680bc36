import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createPauseActor, createResumeActor, createVfsHandler } from "@holdpoint/actors";
import type { ActorHandler, ActorLog } from "@holdpoint/actors";
import { createPauseLedger, parsePauseMetadata } from "@holdpoint/asya";
import { parseLosslessJson } from "@holdpoint/core";
import type { MergeMode, PauseLedger } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";

import { temporaryDirectory } from "../every-store.ts";
import type { MessageMetadata } from "./message-files.ts";
import { readMessageFiles, writeMessageFiles } from "./message-files.ts";
import type { PythonRun } from "./python-peer.ts";
import { startPython } from "./python-peer.ts";
import type { Place } from "./shared-state.ts";

/** What became of a message, whichever peer had it. */
export interface Handled {
  /** The text of the payload; of a message that was refused there is none. */
  readonly payload: string | undefined;
  readonly next: readonly string[];
  readonly headers: Readonly<Record<string, unknown>>;
  /** The name of the error where the message was refused. */
  readonly error: string | undefined;
}

/** A message, with its payload as text. */
export interface TextMessage extends MessageMetadata {
  readonly payload: string;
}

/** How a peer is set up for one message. */
export interface PeerSetting {
  readonly metadata?: string | undefined;
  readonly mergeMode?: MergeMode | undefined;
  /** More variables for Python: the document's shape, and how it is read. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** An actor of one of the peers. */
type Peer = (actor: "pause" | "resume", message: TextMessage, setting?: PeerSetting) => Promise<Handled>;

/** The actors of both peers, on the same documents and with their messages in the same form. */
export interface TwoPeers extends AsyncDisposable {
  readonly store: CheckpointStore;
  readonly ledger: PauseLedger;
  readonly ours: Peer;
  readonly python: Peer;
  /** Begins with one of Python's actors, and leaves it to the caller to end it. */
  startPythonPause(message: TextMessage, setting?: PeerSetting): Promise<PythonRun>;
  /** What a gateway shows of a task: the text of the payload in its document. */
  shownByGateway(taskId: string): Promise<string | undefined>;
  /** The bytes of a task's document as Python finds them. */
  document(taskId: string): Promise<string>;
  /** Puts a document there, as somebody with an editor would. */
  replaceDocument(taskId: string, text: string): Promise<void>;
}

/** Sets both peers up in a place of their own. */
export async function startTwoPeers(place: Place): Promise<TwoPeers> {
  const state = await place.share();
  const messages = await temporaryDirectory();
  const { store, mount } = state;
  const ledger = createPauseLedger(store);
  const root = join(messages.path, "msg");
  const environmentOf = ({ metadata = "", mergeMode = "shallow", environment = {} }: PeerSetting) => ({
    ASYA_MSG_ROOT: root,
    ASYA_PERSISTENCE_MOUNT: mount,
    ASYA_PAUSE_METADATA: metadata,
    ASYA_RESUME_MERGE_MODE: mergeMode,
    ...environment,
  });
  const documentPath = (taskId: string): string => join(mount, `paused/${taskId}.json`);

  async function ours(
    actor: "pause" | "resume",
    { payload, ...metadata }: TextMessage,
    setting: PeerSetting = {},
  ): Promise<Handled> {
    await writeMessageFiles(root, metadata);
    const handler = createVfsHandler(ourActor(actor, ledger, setting), { root, parseJson: parseLosslessJson, log });
    try {
      const returned = JSON.stringify(await handler(parseLosslessJson(payload)));
      return { payload: returned, ...(await readMessageFiles(root)), error: undefined };
    } catch (error) {
      const { name, code = name } = error as Error & { readonly code?: string };
      return { payload: undefined, ...(await readMessageFiles(root)), error: code };
    }
  }

  async function python(
    actor: "pause" | "resume",
    { payload, ...metadata }: TextMessage,
    setting: PeerSetting = {},
  ): Promise<Handled> {
    await state.pull();
    await writeMessageFiles(root, metadata);
    const answer = await startPython(`x_${actor}`, payload, environmentOf(setting)).answer;
    await state.push();
    return { ...answer, ...(await readMessageFiles(root)) };
  }

  return {
    store,
    ledger,
    ours,
    python,
    startPythonPause: async ({ payload, ...metadata }, setting = {}) => {
      await writeMessageFiles(root, metadata);
      return startPython("x_pause", payload, environmentOf(setting));
    },
    shownByGateway: async (taskId) => {
      await state.pull();
      return (await startPython("gateway", JSON.stringify(taskId), environmentOf({})).answer).payload;
    },
    document: async (taskId) => {
      await state.pull();
      return await readFile(documentPath(taskId), "utf8");
    },
    replaceDocument: async (taskId, text) => {
      await state.pull();
      await writeFile(documentPath(taskId), text);
      await state.push();
    },
    [Symbol.asyncDispose]: async () => {
      await state[Symbol.asyncDispose]();
      await messages[Symbol.asyncDispose]();
    },
  };
}

function ourActor(actor: "pause" | "resume", ledger: PauseLedger, { metadata, mergeMode }: PeerSetting): ActorHandler {
  return actor === "pause"
    ? createPauseActor({ ledger, metadata: metadata === undefined ? undefined : parsePauseMetadata(metadata) })
    : createResumeActor({ ledger, mergeMode });
}

const log: ActorLog = { info: () => {}, warn: () => {}, error: () => {} };
