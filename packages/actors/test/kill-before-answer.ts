// Preloaded into an actor's process: kills it where it is about to answer, if the file HOLDPOINT_KILL_FILE exists.
import { existsSync } from "node:fs";
import { ServerResponse } from "node:http";

const killFile = process.env["HOLDPOINT_KILL_FILE"] ?? "";
const writeHead = Reflect.get(ServerResponse.prototype, "writeHead") as (...values: unknown[]) => ServerResponse;

Reflect.set(ServerResponse.prototype, "writeHead", function killOrWrite(this: ServerResponse, ...values: unknown[]) {
  if (existsSync(killFile)) process.kill(process.pid, "SIGKILL");
  return writeHead.apply(this, values);
});
