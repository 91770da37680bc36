import type { StoredAnswer } from "./hold-answer.ts";
import type { StoredAsk } from "./hold-ask.ts";
import type { HoldMachine } from "./machine/hold-machine.ts";
import type { Given } from "./program-kind.ts";

/** The machine of programs' holds. */
export type ProgramMachine = HoldMachine<StoredAsk, Given, StoredAnswer>;
