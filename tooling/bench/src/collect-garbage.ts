import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects what others have left. */
export const collectGarbage = runInNewContext("gc") as () => void;
