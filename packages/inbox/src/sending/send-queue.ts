import { setTimeout as sleep } from "node:timers/promises";

const firstBackoffMs = 1_000;
const maxBackoffMs = 60_000;
const maxRetryAfterMs = 300_000;

/** What one target is still to be sent: one after the other, and later again where it fails. */
export class SendQueue<Name> {
  readonly #send: (name: Name) => Promise<void>;
  readonly #onFailure: (error: unknown, name: Name, retryMs: number) => void;
  readonly #signal: AbortSignal;
  readonly #pending = new Map<string, Name>();
  #isRunning = false;

  constructor(
    send: (name: Name) => Promise<void>,
    onFailure: (error: unknown, name: Name, retryMs: number) => void,
    signal: AbortSignal,
  ) {
    this.#send = send;
    this.#onFailure = onFailure;
    this.#signal = signal;
  }

  /** Something may be to be sent of this; what is in the queue already stays where it is. */
  offer(key: string, name: Name): void {
    if (!this.#pending.has(key)) this.#pending.set(key, name);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let failures = 0;
    for (const [key, name] of this.#pending) {
      if (this.#signal.aborted) break;
      // Whatever is offered while it is sent is to be looked at again.
      this.#pending.delete(key);
      try {
        await this.#send(name);
        failures = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        // At the end, so that what is refused for good keeps nothing else from being sent.
        this.#pending.set(key, name);
        const retryMs = retryAfter(error) ?? backoffMs(failures);
        failures += 1;
        this.#onFailure(error, name, retryMs);
        await sleep(retryMs, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
      }
    }
    this.#isRunning = false;
  }
}

/** Twice as long each time, and not the same for all who wait. */
function backoffMs(failures: number): number {
  return Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 20)) * (0.75 + Math.random() / 2);
}

function retryAfter(error: unknown): number | undefined {
  const { retryAfterMs } = error as { readonly retryAfterMs?: unknown };
  return typeof retryAfterMs === "number" ? Math.min(retryAfterMs, maxRetryAfterMs) : undefined;
}
