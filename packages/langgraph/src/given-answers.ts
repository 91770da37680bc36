/** An answer of a person that a run of this process has brought. */
export interface GivenAnswer {
  /** The nonces of the questions that waited. */
  readonly questions: readonly string[];
  /** Settles when it is stored, or when it is known that it is not. */
  readonly stored: Promise<void>;
}

// An answer is asked for as long as its run goes on; what is forgotten is still in the store.
const maxCheckpoints = 1000;

/**
 * The answers that runs of this process have brought, by the checkpoint that asked. LangGraph goes on before one is
 * stored; here the next run sees it, and so do the subgraphs of the same run.
 */
export class GivenAnswers {
  readonly #byCheckpoint = new Map<string, Map<string, GivenAnswer>>();

  find(checkpoint: string, taskId: string): GivenAnswer | undefined {
    return this.#byCheckpoint.get(checkpoint)?.get(taskId);
  }

  add(checkpoint: string, taskId: string, answer: GivenAnswer): void {
    const answers = this.#byCheckpoint.get(checkpoint) ?? new Map<string, GivenAnswer>();
    this.#byCheckpoint.delete(checkpoint);
    this.#byCheckpoint.set(checkpoint, answers.set(taskId, answer));
    const [oldest] = this.#byCheckpoint.keys();
    if (this.#byCheckpoint.size > maxCheckpoints && oldest !== undefined) this.#byCheckpoint.delete(oldest);
  }

  /**
   * Waits until the answers at a checkpoint are stored.
   *
   * @throws what kept them from being, if none is
   */
  async settled(checkpoint: string): Promise<void> {
    const answers = [...(this.#byCheckpoint.get(checkpoint)?.values() ?? [])];
    const outcomes = await Promise.allSettled(answers.map(async ({ stored }) => await stored));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined && outcomes.every(({ status }) => status === "rejected")) throw failed.reason;
  }
}
