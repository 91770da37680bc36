import type { ConformanceFaults } from "../conformance-harness.ts";
import { faultProtocols } from "./fault-protocol.ts";

/** The server's own passing errors that a store must outlive. */
export function passingErrorsOf({ passingErrors, protocol = "tcp" }: ConformanceFaults): readonly string[] {
  return passingErrors ?? (typeof protocol === "string" ? faultProtocols[protocol] : protocol).errors;
}
