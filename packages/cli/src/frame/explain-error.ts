import { ActorSetupError } from "@holdpoint/actors";
import type { LedgerErrorCode } from "@holdpoint/asya";
import type { CheckpointErrorCode } from "@holdpoint/core";
import type { GatewayErrorCode } from "@holdpoint/asya/gateway";
import type { HoldErrorCode } from "@holdpoint/core/holds";
import { LedgerError } from "@holdpoint/asya";
import { GatewayError } from "@holdpoint/asya/gateway";
import { CheckpointError } from "@holdpoint/core";
import { HoldError } from "@holdpoint/core/holds";

import { asOptions } from "./as-options.ts";
import type { ExitCode } from "./exit-code.ts";
import { exitCodes } from "./exit-code.ts";

const ledgerExitCodes: Readonly<Record<LedgerErrorCode, ExitCode>> = {
  "invalid-message": exitCodes.usage,
  "invalid-input": exitCodes.usage,
  "ambiguous-task": exitCodes.usage,
  "task-not-found": exitCodes.notFound,
  "already-resumed": exitCodes.refused,
  canceled: exitCodes.refused,
  "repeated-resume": exitCodes.refused,
};

const holdExitCodes: Readonly<Record<HoldErrorCode, ExitCode>> = {
  "invalid-argument": exitCodes.usage,
  "invalid-answer": exitCodes.usage,
  "not-found": exitCodes.notFound,
  "different-hold": exitCodes.refused,
  "already-answered": exitCodes.refused,
  "already-voted": exitCodes.refused,
  "not-allowed": exitCodes.refused,
  canceled: exitCodes.refused,
  expired: exitCodes.refused,
  acting: exitCodes.refused,
  done: exitCodes.refused,
  "not-in-doubt": exitCodes.refused,
  "not-ended": exitCodes.refused,
  "not-answered": exitCodes.notAnswered,
  "in-doubt": exitCodes.inDoubt,
  "claim-lost": exitCodes.inDoubt,
};

const storeExitCodes: Readonly<Partial<Record<CheckpointErrorCode, ExitCode>>> = {
  "invalid-argument": exitCodes.usage,
  conflict: exitCodes.refused,
};

const gatewayExitCodes: Readonly<Record<GatewayErrorCode, ExitCode>> = {
  "invalid-address": exitCodes.usage,
  "unknown-task": exitCodes.notFound,
  "not-waiting": exitCodes.refused,
  unreachable: exitCodes.failed,
  unauthorized: exitCodes.failed,
  refused: exitCodes.failed,
  "unexpected-answer": exitCodes.failed,
};

/** What an error comes to. */
export interface ExplainedError {
  readonly code: string;
  readonly exitCode: ExitCode;
  /** @default the error's own */
  readonly message?: string | undefined;
}

/** The name that programs may know an error by, the exit code it ends a command with, and what people are told of it. */
export function explainError(error: unknown): ExplainedError {
  if (LedgerError.is(error)) return { code: error.code, exitCode: ledgerExitCodes[error.code] };
  if (HoldError.is(error)) {
    return { code: error.code, exitCode: holdExitCodes[error.code], message: asOptions(error.message) };
  }
  if (CheckpointError.is(error)) return { code: error.code, exitCode: storeExitCodes[error.code] ?? exitCodes.failed };
  if (GatewayError.is(error)) return { code: `gateway-${error.code}`, exitCode: gatewayExitCodes[error.code] };
  if (error instanceof ActorSetupError) return { code: "configuration", exitCode: exitCodes.usage };
  return { code: "failed", exitCode: exitCodes.failed };
}
