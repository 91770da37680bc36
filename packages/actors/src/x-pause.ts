#!/usr/bin/env node
// Arguments are ignored: Asya's composition starts every actor with the path of its Python runtime.
import { createPauseActor } from "./pause-actor.ts";
import { runActor } from "./run-actor.ts";

await runActor("x-pause", (ledger, { pauseMetadata }) => createPauseActor({ ledger, metadata: pauseMetadata }));
