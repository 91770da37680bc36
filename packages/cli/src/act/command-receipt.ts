import { isJsonObject } from "@holdpoint/core/json";

import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";

/** What a command wrote, as far as it is kept: text where it is UTF-8. */
export type KeptOutput = ({ readonly text: string } | { readonly base64: string }) & {
  /** How many more bytes it wrote after these. @default 0 */
  readonly cutBytes?: number | undefined;
};

/** What is kept of a command that has acted. */
export interface CommandReceipt {
  readonly exitCode: number;
  readonly stdout: KeptOutput;
  readonly stderr: KeptOutput;
}

/** The first bytes of what a command wrote, as they are kept. */
export function keepOutput(kept: Buffer, totalBytes: number): KeptOutput {
  const whole = totalBytes > kept.length ? withoutCutCharacter(kept) : kept;
  const cut = totalBytes > whole.length ? { cutBytes: totalBytes - whole.length } : {};
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole), ...cut };
  } catch {
    return { base64: whole.toString("base64"), ...cut };
  }
}

/** Whether a receipt is one of a command; others were written by programs, or by whoever settled. */
export function isCommandReceipt(receipt: unknown): receipt is CommandReceipt {
  return (
    isJsonObject(receipt) &&
    Number.isInteger(receipt["exitCode"]) &&
    isKept(receipt["stdout"]) &&
    isKept(receipt["stderr"])
  );
}

/** Writes what a receipt has as its command wrote it; one of a program as JSON. */
export async function replayReceipt({ output, messages }: CommandContext, receipt: unknown): Promise<void> {
  if (!isCommandReceipt(receipt)) {
    await output.write(toJsonLine(receipt));
    return;
  }
  const { stdout, stderr } = receipt;
  await output.write(contentOf(stdout, output.isTerminal));
  await messages.write(contentOf(stderr, messages.isTerminal));
  for (const [name, { cutBytes = 0 }] of Object.entries({ stdout, stderr })) {
    if (cutBytes > 0) await messages.tell(`Of its ${name}, ${cutBytes} more bytes were not kept.\n`);
  }
}

function contentOf(kept: KeptOutput, isTerminal: boolean): string | Uint8Array {
  const bytes = "text" in kept ? kept.text : Buffer.from(kept.base64, "base64");
  // What a document holds may be written by others than the command.
  return isTerminal ? escapeControls(bytes.toString(), "lines") : bytes;
}

function isKept(value: unknown): value is KeptOutput {
  return isJsonObject(value) && (typeof value["text"] === "string" || typeof value["base64"] === "string");
}

/** Up to the last whole character, where the end may be in the midst of one. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  // https://www.rfc-editor.org/rfc/rfc3629: a character has at most three bytes after its first.
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
