import { isError } from "@holdpoint/core/driver";

import type { ConformanceCase } from "./conformance-case.ts";

/**
 * A case that the store under test got wrong: its id, what that means for users, and what was seen.
 *
 * @example
 * ```ts
 * for (const { error } of await runConformance(harness)) if (error instanceof ConformanceFailure) console.error(error.message);
 * ```
 */
export class ConformanceFailure extends Error {
  override readonly name = "ConformanceFailure";
  readonly id: ConformanceCase["id"];

  constructor(conformanceCase: ConformanceCase, cause: unknown) {
    const seen = isError(cause) ? cause.message : String(cause);
    super(`${conformanceCase.id}\n  For users: ${conformanceCase.breaks}\n  Seen: ${seen}`, { cause });
    this.id = conformanceCase.id;
  }
}
