import { serveActor } from "@holdpoint/actors";

// The first actor of the guide's review workflow. A real one would call a model here.
await serveActor(async ({ payload }) => ({
  payload: {
    ...(payload as object),
    analysis: { summary: "Revenue grew by a fifth; one region fell behind.", confidence: 0.82 },
  },
}));
