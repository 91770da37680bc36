#!/usr/bin/env node
// Arguments are ignored: Asya's composition starts every actor with the path of its Python runtime.
import { createResumeActor } from "./resume-actor.ts";
import { runActor } from "./run-actor.ts";

await runActor("x-resume", (ledger, { resumeMergeMode, resumeValidation }) =>
  createResumeActor({ ledger, mergeMode: resumeMergeMode, validation: resumeValidation }),
);
