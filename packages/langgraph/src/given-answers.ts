/** An answer of a person that a run of this process has brought. */
interface GivenAnswer {
  /** The nonces of the questions that waited. */
  readonly questions: readonly string[];
  /** Settles when it is stored, or when that has failed. */
  readonly stored: Promise<void>;
  hasFailed: boolean;
}

// An answer is asked for as long as its run goes on; what is forgotten is still in the store.
const maxCheckpoints = 1000;

/**
 * The answers that runs of this process have brought, by the checkpoint that asked. LangGraph goes on before one is
 * stored; here the next run sees it, and so do the subgraphs of the same run.
 */
export class GivenAnswers {
  readonly #byCheckpoint = new Map<string, Map<string, GivenAnswer>>();

  /** The questions that an answer was given to, unless it could not be stored. */
  questionsOf(checkpoint: string, taskId: string): readonly string[] | undefined {
    const answer = this.#byCheckpoint.get(checkpoint)?.get(taskId);
    return answer?.hasFailed === false ? answer.questions : undefined;
  }

  add(checkpoint: string, taskId: string, { questions, stored }: Omit<GivenAnswer, "hasFailed">): void {
    const answer: GivenAnswer = { questions, stored, hasFailed: false };
    stored.catch(() => (answer.hasFailed = true));
    const answers = this.#byCheckpoint.get(checkpoint) ?? new Map<string, GivenAnswer>();
    this.#byCheckpoint.delete(checkpoint);
    this.#byCheckpoint.set(checkpoint, answers.set(taskId, answer));
    const [oldest] = this.#byCheckpoint.keys();
    if (this.#byCheckpoint.size > maxCheckpoints && oldest !== undefined) this.#byCheckpoint.delete(oldest);
  }

  /** Forgets the answers that could not be stored: a run that reads the checkpoint now is none of those that had them. */
  forgetFailed(checkpoint: string): void {
    const answers = this.#byCheckpoint.get(checkpoint);
    for (const [taskId, { hasFailed }] of answers ?? []) if (hasFailed) answers?.delete(taskId);
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
