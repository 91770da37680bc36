import type { Context } from "hono";
import { streamSSE } from "hono/streaming";

import type { InboxContext } from "../inbox-context.ts";
import type { ListedItem } from "../listing/listed-item.ts";

/** How often a stream says that it is still there, so that no proxy between takes it for dead. */
const signEveryMs = 20_000;
/** More that were not sent yet than that are told as one change of anything. */
const maxPending = 1_000;

/** Whoever listens to what changes. */
export interface ChangeListener {
  /** What they know an item by; `undefined` for what they may not see. */
  readonly nameOf: (item: ListedItem) => string | undefined;
  /** Whether they may be told still; asked before each message. */
  readonly isLet: () => boolean | Promise<boolean>;
  /** What they are sent of names; `undefined` stands for more than can be named. */
  readonly messageOf: (names: readonly string[] | undefined) => unknown;
}

/** Tells somebody what has changed, as server-sent events: names alone, and only of what they may see. */
export function streamChanges(inbox: InboxContext, context: Context, listener: ChangeListener): Response {
  const { nameOf, isLet, messageOf } = listener;
  // Nobody would read the stream, and nobody end it.
  if (context.req.method === "HEAD") return context.body(null, 200, { "content-type": "text/event-stream" });
  context.header("x-accel-buffering", "no");
  return streamSSE(context, async (stream) => {
    const pending = new Set<string>();
    let wake = nobodyWaits;
    const unsubscribe = inbox.list.subscribe((changes) => {
      for (const { before, after } of changes) {
        const name = (after && nameOf(after)) ?? (before && nameOf(before));
        if (name !== undefined && pending.size <= maxPending) pending.add(name);
      }
      if (pending.size > 0) wake();
    });
    const end = (): void => stream.abort();
    inbox.ending.addEventListener("abort", end, { once: true });
    stream.onAbort(() => wake());
    try {
      await stream.writeSSE({ event: "ready", data: "" });
      while (!stream.aborted && !stream.closed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, signEveryMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (pending.size > 0 || stream.aborted) wake();
        });
        // Whoever has lost their right meanwhile is told nothing more.
        if (!(await isLet())) break;
        const names = pending.size > maxPending ? undefined : [...pending];
        pending.clear();
        await (names?.length === 0
          ? stream.write(": still here\n\n")
          : stream.writeSSE({ event: "changed", data: JSON.stringify(messageOf(names)) }));
      }
    } finally {
      unsubscribe();
      inbox.ending.removeEventListener("abort", end);
    }
  });
}

function nobodyWaits(): void {
  // What comes now is found when the stream looks next.
}
