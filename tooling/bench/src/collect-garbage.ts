import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects what a turn has left, so that no other pays for it. */
export const collectGarbage = runInNewContext("gc") as () => void;
