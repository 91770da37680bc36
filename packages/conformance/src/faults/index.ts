export type { Fault, FaultOptions, PlannedFault, RequestFault } from "./fault.ts";
export type { FaultProtocolName } from "./fault-protocol.ts";
export { startFaultProxy } from "./fault-proxy.ts";
export type { FaultProxy, FaultProxySettings, SeenRequest } from "./fault-proxy.ts";
export { createFrameReader } from "./request-reader.ts";
export type { FaultProtocol, InsteadOfRequest, ProxiedRequest, RequestKind, RequestReader } from "./request-reader.ts";
