import type { Payment, PaymentAnswer } from "./hold-order.ts";

/** What a payee does with one request: `lost` pays and does not answer, `failed` does neither. */
export type PayeeMood = "pays" | "lost" | "failed" | "refuses";

/** Whom work pays: the one that knows what has happened in the world. */
export class Payee {
  /** By hold: every payment that was made, oldest first. */
  readonly #paid = new Map<string, Payment[]>();
  /** By hold: attempts up to this one are paid nothing any more. */
  readonly #closed = new Map<string, number>();
  /** Requests of attempts that came too late. */
  fenced = 0;

  /** Takes a request. */
  take(payment: Payment, mood: PayeeMood): PaymentAnswer {
    if (payment.attempt <= (this.#closed.get(payment.id) ?? 0)) {
      this.fenced += 1;
      return "refused";
    }
    if (mood === "refuses") return "refused";
    if (mood === "failed") return "timed-out";
    this.#paid.set(payment.id, [...this.paidFor(payment.id), payment]);
    return mood === "lost" ? "timed-out" : "paid";
  }

  /** Every payment for a hold, oldest first, as if no key had been honoured. */
  paidFor(id: string): readonly Payment[] {
    return this.#paid.get(id) ?? [];
  }

  /** Whether anything was paid; if not, nothing will be for attempts up to this one. */
  look(id: string, attempt: number): boolean {
    const isPaid = this.paidFor(id).length > 0;
    if (!isPaid) this.#closed.set(id, Math.max(attempt, this.#closed.get(id) ?? 0));
    return isPaid;
  }
}
