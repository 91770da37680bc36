import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects what others have left, so that nobody's turn pays for it. */
export const collectGarbage = runInNewContext("gc") as () => void;
