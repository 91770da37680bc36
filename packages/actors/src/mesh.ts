export type { ActorCommand } from "./mesh/actor-process.ts";
export { crewActor } from "./mesh/crew-actor.ts";
export type { MeshResumeOptions, SendOptions } from "./mesh/gateway-envelope.ts";
export { createLocalMesh } from "./mesh/local-mesh.ts";
export type { LocalMesh, LocalMeshOptions, MeshDelivery } from "./mesh/local-mesh.ts";
export type { GatewayRecord, GatewayStatus } from "./mesh/gateway-record.ts";
export type { GatewayGeneration, GatewayReport, MeshGateway } from "./mesh/mesh-gateway.ts";
export { serveGateway } from "./mesh/serve-gateway.ts";
export type { GatewayServer, ServeGatewayOptions } from "./mesh/serve-gateway.ts";
export type {
  MeshDropped,
  MeshEventMap,
  MeshFailed,
  MeshFinished,
  MeshOutcome,
  MeshOutput,
  MeshPaused,
  MeshRetry,
} from "./mesh/mesh-events.ts";
