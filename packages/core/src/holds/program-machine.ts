import type { HoldMachine } from "./machine/hold-machine.ts";
import type { ProgramHold } from "./program-documents.ts";

/** The machine of programs' holds. */
export type ProgramMachine = HoldMachine<ProgramHold>;
