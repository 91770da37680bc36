/** One setting that keeps an actor from starting. */
export interface SetupProblem {
  /** The environment variable, or variables, to look at. */
  readonly variable: string;
  /** What was found there, quoted; never a credential. */
  readonly found: string;
  /** What would have been right. */
  readonly expected: string;
  /** What came of trying it, where it was tried. */
  readonly detail?: string | undefined;
}

/**
 * An actor was not started because of its environment; the message lists every problem that was found.
 *
 * @example
 * ```ts
 * try {
 *   readActorEnvironment(process.env);
 * } catch (error) {
 *   if (error instanceof ActorSetupError) console.error(error.message);
 * }
 * ```
 */
export class ActorSetupError extends Error {
  override readonly name = "ActorSetupError";
  readonly problems: readonly SetupProblem[];

  constructor(problems: readonly SetupProblem[]) {
    const lines = problems.map(({ variable, found, expected, detail }) => {
      const line = `- ${variable}: found ${found}, expected ${expected}.`;
      return detail === undefined ? line : `${line}\n  ${detail.replaceAll("\n", "\n  ")}`;
    });
    const count = problems.length === 1 ? "One setting is" : `${problems.length} settings are`;
    super(`${count} wrong, so nothing was started.\n${lines.join("\n")}`);
    this.problems = problems;
  }
}
