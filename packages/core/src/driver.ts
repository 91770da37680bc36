export { findBackend, installedBackends } from "./store/backend-registry.ts";
export { beginsWithTls } from "./store/begins-with-tls.ts";
export type { ServerAddress } from "./store/begins-with-tls.ts";
export { defaultMaxBodyBytes } from "./store/capabilities.ts";
export type { ConnectionHints } from "./store/connection-failure.ts";
export { connectionFailure } from "./store/connection-failure.ts";
export type { CheckpointBackend } from "./store/checkpoint-backend.ts";
export { BodyTooLargeError, PreconditionFailedError } from "./store/checkpoint-driver.ts";
export type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  ListContext,
  Precondition,
  ReadContext,
} from "./store/checkpoint-driver.ts";
export { createStore } from "./store/create-store.ts";
export { DriverFailureError } from "./store/driver-failure-error.ts";
export { ErrorBrand } from "./store/error-brand.ts";
export { isError } from "./store/is-error.ts";
export { directoryEntry } from "./store/directory-entry.ts";
export { stateProxyNames } from "./store/key-names.ts";
export type { KeyNames } from "./store/key-names.ts";
export { openDriver } from "./store/open-driver.ts";
export { plainServerOf } from "./store/plain-server.ts";
export type { PlainServer } from "./store/plain-server.ts";
export { retryAfterMs } from "./store/retry-after.ts";
export { settingOf } from "./store/setting-of.ts";
export { serverWords } from "./store/server-words.ts";
export type { StoreFinding } from "./store/store-finding.ts";
export { defaultAttemptTimeoutMs } from "./store/store-options.ts";
export {
  assertPathWithoutUser,
  booleanOption,
  choiceOption,
  integerOption,
  readUrlOptions,
  textOption,
  urlError,
} from "./store/url-options.ts";
export type { UrlOptionReader } from "./store/url-options.ts";
export { waitingPrefixes } from "./store/waiting-prefixes.ts";
export { folderPath, serverAddress } from "./store/store-place.ts";
export type { StorePlace } from "./store/store-place.ts";
export { prefixRulesOption, stateProxyPrefix } from "./store/prefix-rules.ts";
export type { PrefixRules } from "./store/prefix-rules.ts";
