export { createFileStore } from "./drivers/file/file-store.ts";
export type { FileStoreOptions } from "./drivers/file/file-store.ts";
export { createMemoryStore } from "./drivers/memory-store.ts";
export type { MemoryStoreOptions } from "./drivers/memory-store.ts";
export { registerBackend } from "./store/backend-registry.ts";
export type { Capabilities } from "./store/capabilities.ts";
export type { CheckpointBackend } from "./store/checkpoint-backend.ts";
export { CheckpointError } from "./store/checkpoint-error.ts";
export type { CheckpointErrorCode, CheckpointErrorDetails } from "./store/checkpoint-error.ts";
export type {
  Checkpoint,
  CheckpointEntry,
  CheckpointStore,
  DeleteOptions,
  DirectoryEntry,
  GetOptions,
  ListOptions,
  OperationOptions,
  PutOptions,
} from "./store/checkpoint-store.ts";
export { openStore } from "./store/open-store.ts";
export type { OpenStoreOptions, StoreConfig, StoreConfigs } from "./store/open-store.ts";
export { redactCredentials, redactStoreUrl } from "./store/redact-credentials.ts";
export { storeTracing } from "./store/operation-trace.ts";
export type { OperationTrace } from "./store/operation-trace.ts";
export type { StoreFinding } from "./store/store-finding.ts";
export type { StoreOptions } from "./store/store-options.ts";
export { isJsonObject, parseLosslessJson } from "./json/lossless-json.ts";
export type { JsonObject } from "./json/lossless-json.ts";
