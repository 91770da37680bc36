export { createHolds } from "./holds/create-holds.ts";
export type { HoldsOptions } from "./holds/create-holds.ts";
export type { HoldAnswer } from "./holds/hold-answer.ts";
export type { HoldRequest } from "./holds/hold-ask.ts";
export { HoldError } from "./holds/hold-error.ts";
export type { HoldErrorCode, HoldErrorDetails } from "./holds/hold-error.ts";
export type { ExpiryRequest } from "./holds/hold-expiry.ts";
export type {
  ActOptions,
  ActResult,
  AnswerOptions,
  AnswerResult,
  AnswerSummary,
  CancelHoldOptions,
  ClaimOptions,
  ClaimResult,
  ExpireCounts,
  ExpireOptions,
  Finish,
  GivenAnswer,
  HoldDetails,
  Holds,
  HoldState,
  HoldSummary,
  ListHoldsOptions,
  OpenOptions,
  OpenResult,
  PruneOptions,
  Settlement,
  SettleOptions,
  WaitOptions,
  WaitResult,
  Work,
} from "./holds/holds.ts";
export type { LogEntry, Person } from "./holds/hold-document.ts";
export { DocumentRoom, smallDocumentBytes } from "./holds/machine/document-room.ts";
export type { HoldDocuments, Located, ReservedRoom } from "./holds/machine/hold-documents.ts";
export { HoldMachine } from "./holds/machine/hold-machine.ts";
export type {
  ChangeOptions,
  Changed,
  FirstWrite,
  HoldMachineOptions,
  Judgement,
  LoadOptions,
  Transition,
} from "./holds/machine/hold-machine.ts";
export { pruneHolds } from "./holds/machine/prune-holds.ts";
export type { PruneCounts, PruneHoldsOptions } from "./holds/machine/prune-holds.ts";
export { scanHolds } from "./holds/machine/scan-holds.ts";
export type { Scanned, ScanOptions } from "./holds/machine/scan-holds.ts";
export { SeenVersions } from "./holds/machine/seen-versions.ts";
export { isSamePerson } from "./holds/person.ts";
export type { ViaOptions } from "./holds/person.ts";
export { NotApplied } from "./holds/not-applied.ts";
export type { QuestionField } from "./holds/question-fields.ts";
export { readSchema, validateAgainst } from "./holds/question-schema.ts";
export { askedSchema } from "./holds/asked-schema.ts";
export type { AskedSchema } from "./holds/asked-schema.ts";
export { schemaChoices } from "./holds/schema-choices.ts";
export type { SchemaChoice } from "./holds/schema-choices.ts";
export type { ConvertibleSchema, QuestionSchema } from "./holds/question-schema.ts";
export type {
  ApprovalQuestion,
  Decision,
  FieldsQuestion,
  InputQuestion,
  Question,
  StoredDecision,
  StoredQuestion,
} from "./holds/question.ts";
