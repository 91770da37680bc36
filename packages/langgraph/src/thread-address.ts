import { CheckpointError } from "@holdpoint/core";
import type { RunnableConfig } from "@langchain/core/runnables";
import { getCheckpointId } from "@langchain/langgraph-checkpoint";

/** Which thread, namespace and checkpoint a call of LangGraph is about. */
export interface ThreadAddress {
  readonly threadId: string;
  readonly namespace: string;
  /** @default the newest, or none yet */
  readonly id: string | undefined;
}

/** @throws {CheckpointError} `invalid-argument` if the config names no thread */
export function readAddress(config: RunnableConfig, operation: string): ThreadAddress {
  const address = findAddress(config, operation);
  if (address !== undefined) return address;
  throw new CheckpointError(
    "invalid-argument",
    `langgraph: cannot ${operation}: the config has no thread_id. Pass one: { configurable: { thread_id: "thread-1" } }.`,
    { operation },
  );
}

/** The same, but `undefined` if no thread is named. */
export function findAddress(config: RunnableConfig, operation: string): ThreadAddress | undefined {
  const { thread_id: threadId, checkpoint_ns: namespace = "" } = config.configurable ?? {};
  if (threadId === undefined) return undefined;
  assertText(threadId, "thread_id", operation);
  assertText(namespace, "checkpoint_ns", operation);
  const id: unknown = getCheckpointId(config);
  assertText(id, "checkpoint_id", operation);
  return { threadId, namespace, id: id === "" ? undefined : id };
}

/** The config that names a checkpoint. */
export function configOf(threadId: string, namespace: string, id: string): RunnableConfig {
  return { configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: id } };
}

function assertText(value: unknown, name: string, operation: string): asserts value is string {
  if (typeof value === "string") return;
  throw new CheckpointError(
    "invalid-argument",
    `langgraph: cannot ${operation}: ${name} is ${value === null ? "null" : `of type ${typeof value}`}, not a string.`,
    { operation },
  );
}
