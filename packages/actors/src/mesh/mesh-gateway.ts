import type { Envelope } from "@holdpoint/asya";

import type { GatewayRecord, GatewayStatus } from "./gateway-record.ts";
import { isTerminal } from "./gateway-record.ts";

/**
 * The gateways that a mesh may have; they differ in what they make of a report.
 *
 * - `a2a`: the last report counts, whatever was reported before. A paused task's clock stands still.
 * - `newest`: a status only rises (`pending`, `running`, `paused`, an end), a record that is past its deadline fails,
 *   paused or not, and sidecars ask before they deliver.
 */
export type GatewayGeneration = "a2a" | "newest";

/** What a sidecar reports. */
export type GatewayReport = Pick<GatewayRecord, "status" | "pauseMetadata" | "result" | "error">;

const rank: Readonly<Record<GatewayStatus, number>> = {
  pending: 0,
  running: 1,
  paused: 2,
  succeeded: 3,
  failed: 3,
  canceled: 3,
};

interface Kept extends GatewayRecord {
  /** What was left of its time when it was paused. */
  readonly remainingMs?: number | undefined;
}

/**
 * A gateway's own record of each id: what people and programs see of a task, whatever has really become of it. As in a
 * real one, a report about an id that it has not created is ignored.
 */
export class MeshGateway {
  readonly generation: GatewayGeneration;
  readonly #records = new Map<string, Kept>();
  readonly #history = new Map<string, GatewayStatus[]>();

  constructor(generation: GatewayGeneration) {
    this.generation = generation;
  }

  /** Begins to follow a message under its id. */
  create({ id, headers = {} }: Envelope, timeoutSeconds?: number): void {
    const deadlineAt = timeoutSeconds === undefined ? undefined : new Date(Date.now() + timeoutSeconds * 1_000);
    this.#keep({ id, status: "pending", headers, deadlineAt });
  }

  /** What it shows of an id; `undefined` if it never created a record of it. */
  record(id: string): GatewayRecord | undefined {
    this.#failIfLate(id);
    const kept = this.#records.get(id);
    if (kept === undefined) return undefined;
    const { remainingMs: _remaining, ...record } = kept;
    return record;
  }

  /** Every status that an id has had, oldest first. */
  history(id: string): readonly GatewayStatus[] {
    return this.#history.get(id) ?? [];
  }

  /** Takes a sidecar's report. */
  report(id: string, report: GatewayReport): void {
    this.#failIfLate(id);
    const kept = this.#records.get(id);
    if (kept === undefined) return;
    if (this.generation === "newest" && rank[report.status] <= rank[kept.status]) return;
    this.#keep({ ...kept, ...this.#clockOf(kept, report.status), ...report });
  }

  /** Takes a paused task back to running, as a gateway does that answers under an id of the task's own; `false` if it is not paused. */
  resume(id: string): boolean {
    const kept = this.#records.get(id);
    if (kept?.status !== "paused" || this.generation === "newest") return false;
    const { pauseMetadata: _metadata, ...rest } = kept;
    this.#keep({ ...rest, ...this.#clockOf(kept, "running"), status: "running" });
    return true;
  }

  /** Ends a task in the gateway, which nobody else learns of; `false` if it had ended before. */
  cancel(id: string): boolean {
    const kept = this.#records.get(id);
    if (kept === undefined || isTerminal(kept.status)) return false;
    this.#keep({ ...kept, status: "canceled" });
    return true;
  }

  #keep(record: Kept): void {
    this.#records.set(record.id, record);
    const history = this.#history.get(record.id) ?? [];
    if (history.at(-1) !== record.status) history.push(record.status);
    this.#history.set(record.id, history);
  }

  #clockOf(kept: Kept, status: GatewayStatus): Pick<Kept, "deadlineAt" | "remainingMs"> {
    const { deadlineAt, remainingMs } = kept;
    if (this.generation === "newest") return { deadlineAt };
    if (status === "paused" && deadlineAt !== undefined) {
      return { deadlineAt: undefined, remainingMs: deadlineAt.getTime() - Date.now() };
    }
    if (status === "running" && remainingMs !== undefined) {
      return { deadlineAt: new Date(Date.now() + remainingMs), remainingMs: undefined };
    }
    return { deadlineAt, remainingMs };
  }

  #failIfLate(id: string): void {
    const kept = this.#records.get(id);
    if (kept?.deadlineAt === undefined || isTerminal(kept.status) || kept.deadlineAt.getTime() > Date.now()) return;
    this.#keep({ ...kept, status: "failed", error: "task timed out" });
  }
}
