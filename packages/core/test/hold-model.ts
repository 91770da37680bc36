/** What the model knows of work that has begun. */
export interface ModelWork {
  readonly attempt: number;
  readonly whenInDoubt: "stop" | "again";
}

/** What happens to a question of a model once its time is over. */
export type ModelExpiry = "never" | "cancel" | "reject" | "approve";

type State = "nothing" | "waiting" | "answered" | "acting" | "in-doubt" | "done" | "rejected" | "canceled" | "expired";

const marginMs = 5_000;
const lasting = new Set<State>(["done", "rejected", "canceled", "expired"]);

/**
 * What a hold is, in a few words: no store, no versions, no leases. Every step says what its caller is told, as the word
 * that it resolves with or the code of its error.
 */
export class HoldModel {
  readonly approvals: number;
  readonly expiry: ModelExpiry;
  state: State = "nothing";
  isPruned = false;
  message: string | undefined;
  /** Who approved, while more have to. */
  votes: readonly string[] = [];
  /** Who decided, and what; nobody where time did. */
  answer: { readonly by: string; readonly decision: string } | undefined;
  isByExpiry = false;
  attempts = 0;
  /** Whoever has the claim, or had it when the hold came into doubt. */
  claim: ModelWork | undefined;
  receipt: string | undefined;
  isSettled = false;
  expirations = 0;
  /** Whether somebody was let act while nobody knew what the one before had done. */
  wasTakenOver = false;
  #dueMs: number | undefined;
  #endMs = 0;

  constructor(approvals: number, expiry: ModelExpiry) {
    this.approvals = approvals;
    this.expiry = expiry;
  }

  get hasEnded(): boolean {
    return lasting.has(this.state);
  }

  /** Whether the question's time is over, by a clock that shows this. */
  isDue(nowMs: number): boolean {
    return this.state === "waiting" && this.#dueMs !== undefined && nowMs >= this.#dueMs + marginMs;
  }

  open(message: string, nowMs: number, expiresInMs: number): string {
    if (this.state !== "nothing") return message === this.message ? "found" : "different-hold";
    this.state = "waiting";
    this.message = message;
    if (this.expiry !== "never") this.#dueMs = nowMs + expiresInMs;
    return "opened";
  }

  respond(by: string, decision: "approve" | "reject", nowMs: number): string {
    if (this.state === "nothing") return "not-found";
    if (this.#isRepeated(by, decision) && !this.isByExpiry) return "found";
    if (this.state === "waiting") return this.#vote(by, decision, nowMs);
    if (this.state === "canceled" || this.state === "expired") return this.state;
    return this.isByExpiry && !this.isPruned ? "expired" : "already-answered";
  }

  #isRepeated(by: string, decision: string): boolean {
    if (this.isPruned) return false;
    if (this.answer?.by === by && this.answer.decision === decision) return true;
    return decision === "approve" && this.votes.includes(by);
  }

  #vote(by: string, decision: "approve" | "reject", nowMs: number): string {
    if (this.isDue(nowMs)) {
      this.expire(nowMs);
      return "expired";
    }
    if (this.votes.includes(by)) return "already-voted";
    if (decision === "approve" && this.votes.length + 1 < this.approvals) {
      this.votes = [...this.votes, by];
      return "voted";
    }
    this.answer = { by, decision };
    if (decision === "approve") this.state = "answered";
    else this.#end("rejected", nowMs);
    return "answered";
  }

  /** Applies the expiry of a question whose time is over. */
  expire(nowMs: number): boolean {
    if (!this.isDue(nowMs)) return false;
    this.expirations += 1;
    if (this.expiry === "cancel") {
      // What did not suffice is not kept.
      this.votes = [];
      this.#end("expired", nowMs);
    } else {
      this.isByExpiry = true;
    }
    if (this.expiry === "reject") this.#end("rejected", nowMs);
    if (this.expiry === "approve") this.state = "answered";
    return true;
  }

  /** @param isSilent whether whoever acts was watched and showed no sign of life */
  act(
    whenInDoubt: "stop" | "again",
    nowMs: number,
    isSilent: boolean,
  ): { readonly told: string; readonly work?: ModelWork } {
    if (this.state === "nothing") return { told: "not-found" };
    this.expire(nowMs);
    const mayRunAgain = this.claim?.whenInDoubt === "again" && whenInDoubt === "again";
    if (this.state === "waiting") return { told: "not-answered" };
    if (this.state === "acting" && !isSilent) return { told: "acting" };
    if (this.state === "acting" || this.state === "in-doubt") {
      if (!mayRunAgain) {
        this.state = "in-doubt";
        return { told: "in-doubt" };
      }
      this.wasTakenOver = true;
    } else if (this.state !== "answered") {
      return { told: this.state === "done" ? `done: ${this.isPruned ? "pruned" : this.receipt}` : this.state };
    }
    this.attempts += 1;
    this.state = "acting";
    this.claim = { attempt: this.attempts, whenInDoubt };
    return { told: "began", work: this.claim };
  }

  #owns(work: ModelWork): boolean {
    return (this.state === "acting" || this.state === "in-doubt") && this.claim === work;
  }

  finish(work: ModelWork, receipt: string, nowMs: number): string {
    if (!this.#owns(work)) return "claim-lost";
    this.receipt = receipt;
    this.#end("done", nowMs);
    return `done: ${receipt}`;
  }

  fail(work: ModelWork): string {
    if (!this.#owns(work)) return "claim-lost";
    this.state = "in-doubt";
    return "in-doubt";
  }

  free(work: ModelWork): string {
    // Somebody may have said the same of this very attempt.
    if (!this.#owns(work))
      return this.state === "answered" && this.attempts === work.attempt ? "NotApplied" : "claim-lost";
    this.state = "answered";
    return "NotApplied";
  }

  settle(applied: boolean, receipt: string, nowMs: number, isSilent: boolean): string {
    if (this.state === "nothing") return "not-found";
    if (this.state === "acting" && !isSilent) return "acting";
    if (this.state === "done" && !this.isPruned && this.isSettled && applied) return "settled before";
    if (this.state !== "acting" && this.state !== "in-doubt") return "not-in-doubt";
    this.isSettled = applied;
    if (applied) {
      this.receipt = receipt;
      this.#end("done", nowMs);
    } else {
      this.state = "answered";
    }
    return "settled";
  }

  cancel(nowMs: number): string {
    if (this.state === "nothing") return "not-found";
    if (this.state === "canceled") return "canceled before";
    if (this.state === "rejected") return "already-answered";
    if (this.state !== "waiting" && this.state !== "answered") return this.state;
    // What did not suffice is not kept.
    if (this.state === "waiting") this.votes = [];
    this.#end("canceled", nowMs);
    return "canceled now";
  }

  /** How many holds a prune empties. */
  prune(nowMs: number): number {
    if (!this.hasEnded || this.isPruned || this.#endMs > nowMs) return 0;
    this.isPruned = true;
    return 1;
  }

  forget(): string {
    if (this.state === "nothing") return "nothing to forget";
    if (!this.hasEnded) return "not-ended";
    Object.assign(this, new HoldModel(this.approvals, this.expiry));
    this.#dueMs = undefined;
    return "forgotten";
  }

  #end(state: State, nowMs: number): void {
    this.state = state;
    this.#endMs = nowMs;
  }
}
