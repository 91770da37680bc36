export type { ActorCommand } from "./mesh/actor-process.ts";
export { crewActor } from "./mesh/crew-actor.ts";
export type { MeshResumeOptions, SendOptions } from "./mesh/gateway-envelope.ts";
export { createLocalMesh } from "./mesh/local-mesh.ts";
export type { LocalMesh, LocalMeshOptions, MeshDelivery } from "./mesh/local-mesh.ts";
export type {
  MeshEventMap,
  MeshFailed,
  MeshFinished,
  MeshOutcome,
  MeshOutput,
  MeshPaused,
  MeshRetry,
} from "./mesh/mesh-events.ts";
