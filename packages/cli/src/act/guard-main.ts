// Stands between `holdpoint act` and its command, as a process of its own: once the channel to holdpoint breaks, which
// the kernel sees to however holdpoint ended, it ends the command's whole process group.
import { spawn } from "node:child_process";

/** What the guard tells. */
export type GuardMessage =
  | { readonly what: "started"; readonly group: number }
  | { readonly what: "not-started"; readonly problem: string }
  | { readonly what: "ended"; readonly exitCode: number | null; readonly signal: NodeJS.Signals | null };

const [program = "", ...parameters] = process.argv.slice(2);
// Whoever ends a whole service sends these to all its processes; what becomes of the command, holdpoint decides.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);

const child = spawn(program, parameters, { stdio: "inherit", detached: true });

const signalGroup = (name: NodeJS.Signals): void => {
  try {
    // Windows has no process groups: there it is the command alone.
    if (child.pid !== undefined) process.kill(process.platform === "win32" ? child.pid : -child.pid, name);
  } catch {
    // It has ended.
  }
};
const tell = (message: GuardMessage, afterwards = (): void => undefined): void => {
  if (process.connected) process.send?.(message, afterwards);
};
const leave = (): void => process.exit();

child.on("spawn", () => tell({ what: "started", group: child.pid ?? 0 }));
child.on("error", (error) => {
  if (child.pid === undefined) tell({ what: "not-started", problem: error.message }, leave);
});
child.on("exit", (exitCode, signal) => {
  // What it left running would go on after the receipt says that it has ended.
  signalGroup("SIGKILL");
  tell({ what: "ended", exitCode, signal }, leave);
});
process.on("message", (name) => signalGroup(name as NodeJS.Signals));
process.on("disconnect", () => {
  signalGroup("SIGKILL");
  leave();
});
