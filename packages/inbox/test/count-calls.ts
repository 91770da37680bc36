import type { CheckpointStore } from "@holdpoint/core";

/** How often a store was asked for one document, or given one. */
export interface CallCounts {
  reads: number;
  writes: number;
  /** Of the reads, those of what somebody was told, and when the last of them was. */
  noticeReads: number;
  lastNoticeReadAt: number;
}

/** A store whose calls are counted. */
export function countCalls(inner: CheckpointStore): { readonly store: CheckpointStore; readonly counts: CallCounts } {
  const counts: CallCounts = { reads: 0, writes: 0, noticeReads: 0, lastNoticeReadAt: 0 };
  const get: CheckpointStore["get"] = async (key, options) => {
    counts.reads += 1;
    if (key.startsWith("hold-notices/")) {
      counts.noticeReads += 1;
      counts.lastNoticeReadAt = performance.now();
    }
    return await inner.get(key, options);
  };
  const put: CheckpointStore["put"] = async (key, body, options) => {
    counts.writes += 1;
    return await inner.put(key, body, options);
  };
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === "get") return get;
      if (name === "put") return put;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { store, counts };
}
