import type { ProxyError } from "./proxy-error.ts";
import { statusOf } from "./proxy-error.ts";

/** An answer to the runtime. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | string | undefined;
  /** Called once the operating system has taken the whole answer. */
  readonly onSent?: (() => void) | undefined;
}

export function jsonAnswer(status: number, value: unknown): ProxyAnswer {
  return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

export function errorAnswer({ code, message }: ProxyError): ProxyAnswer {
  return jsonAnswer(statusOf[code], { error: code, message });
}
