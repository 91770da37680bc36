import { serveActor } from "@holdpoint/actors";

// The actor after the pause point. It finishes the workflow with what it received.
await serveActor(async ({ payload }) => ({ payload: { received: payload } }));
