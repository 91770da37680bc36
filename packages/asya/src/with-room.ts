import type { ChangeOptions } from "@holdpoint/core/holds";
import { DocumentRoom } from "@holdpoint/core/holds";

import type { TaskOptions } from "./pause-ledger.ts";

/** Options as the machine takes them, with the memory for documents of one operation. */
export function withRoom({ admit, ...options }: TaskOptions): ChangeOptions {
  return admit === undefined ? options : { ...options, room: new DocumentRoom(admit) };
}
