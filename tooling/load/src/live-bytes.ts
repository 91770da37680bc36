import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How much memory this process has in use, buffers included, once its garbage is collected. */
export function liveBytes(): number {
  collectGarbage();
  // Buffers are freed on the side; a second collection waits for that.
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
