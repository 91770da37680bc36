export { checkAnswer } from "./check-answer.ts";
export type { CheckAnswerOptions } from "./check-answer.ts";
export { checkPauseMetadata } from "./check-pause-metadata.ts";
export { createPauseLedger } from "./create-pause-ledger.ts";
export type { PauseLedgerOptions } from "./create-pause-ledger.ts";
export { documentKey } from "./document-key.ts";
export type { Envelope, OutgoingMessage, Route } from "./envelope.ts";
export { LedgerError } from "./ledger-error.ts";
export type { LedgerErrorCode } from "./ledger-error.ts";
export type { MergeMode } from "./merge-input.ts";
export { relateDocuments } from "./relate-documents.ts";
export type { DocumentRelation } from "./relate-documents.ts";
export type {
  CancelOptions,
  ListTasksOptions,
  PauseLedger,
  PauseOptions,
  PauseResult,
  PruneOptions,
  PruneResult,
  ResumeOptions,
  ResumeResult,
  TaskDetails,
  TaskOptions,
  TaskState,
  TaskSummary,
} from "./pause-ledger.ts";
export type { InputValidation } from "./prepare-input.ts";
export { meantName } from "./meant-name.ts";
export { metadataHints } from "./metadata-hints.ts";
export { parsePauseMetadata } from "./parse-pause-metadata.ts";
export type { PauseDecision, PauseField, PauseMetadata } from "./pause-metadata.ts";
