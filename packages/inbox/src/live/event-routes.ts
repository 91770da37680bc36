import type { Hono } from "hono";
import { streamSSE } from "hono/streaming";

import type { Frame } from "../frame/frame.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { ItemChange } from "../listing/item-list.ts";
import { findViewer } from "../login/require-viewer.ts";

/** How often a stream says that it is still there, so that no proxy between takes it for dead. */
const signEveryMs = 20_000;
/** More that were not sent yet than that are one `changed` of nothing: the page asks for itself in any case. */
const maxPending = 1_000;

/** Tells pages that stand open what has changed: ids only, and only of what their reader may see. */
export function eventRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/events", (context) => {
    const viewer = context.get("viewer");
    context.header("x-accel-buffering", "no");
    return streamSSE(context, async (stream) => {
      let pending = new Set<string>();
      let wake = nobodyWaits;
      const unsubscribe = inbox.list.subscribe((changes) => {
        for (const { before, after } of changes) {
          const items = [before, after].filter((item) => item !== undefined);
          if (items.some((item) => inbox.access.maySee(viewer, item))) pending.add(idOf({ before, after }));
        }
        if (pending.size > maxPending) pending = new Set([""]);
        if (pending.size > 0) wake();
      });
      const end = (): void => stream.abort();
      inbox.ending.addEventListener("abort", end, { once: true });
      try {
        await stream.writeSSE({ event: "ready", data: "" });
        while (!stream.aborted && !stream.closed) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, signEveryMs);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            stream.onAbort(wake);
            if (pending.size > 0 || stream.aborted) wake();
          });
          // A login that has ended meanwhile is told nothing more.
          if ((await findViewer(inbox, context)) === undefined) break;
          const ids = [...pending];
          pending = new Set();
          await (ids.length === 0
            ? stream.write(": still here\n\n")
            : stream.writeSSE({ event: "changed", data: JSON.stringify(ids) }));
        }
      } finally {
        unsubscribe();
        inbox.ending.removeEventListener("abort", end);
      }
    });
  });
}

function nobodyWaits(): void {
  // What comes now is found when the stream looks next.
}

function idOf({ before, after }: ItemChange): string {
  const item = after ?? before;
  return item === undefined ? "" : `${item.kind} ${item.id}`;
}
