import type { Toolbox } from "./toolbox.ts";

/** A place where packages run: one that the support table of docs/environments.md has a row for. */
export interface Environment {
  /** Its name in the table. */
  readonly name: string;
  /** What is said to work there, in the words of the table: `yes`, or what is left out and whose fault that is. */
  readonly examples: string;
  readonly files: string;
  /** Whether it is tried before every change lands, rather than by the command alone. */
  readonly isQuick: boolean;
  /** @throws {Error} that says what does not work, if something in the table is not so */
  run(toolbox: Toolbox): Promise<void>;
}
