import { parseArgs } from "node:util";

import type { HoldTortureOptions } from "./holds/run-hold-torture.ts";
import { runShellCommand } from "./run-shell-command.ts";
import type { TortureOptions } from "./run-torture.ts";

export const usage = `pnpm torture --store <url> [options]

  --store <url>          the store, as in ASYA_CHECKPOINT_STORE; documents stay there, so give it a prefix of its own
  --what tasks|holds     what is put on the rack: messages of a mesh that pause, or holds of programs (tasks)
  --tasks <n>            how many tasks, or holds (1000)
  --seed <text>          decides every choice; printed, to run the same again (drawn)
  --processes <n>        actor processes, half x-pause and half x-resume; of holds, worker processes (4)
  --concurrency <n>      tasks or holds under way at once (64)
  --faults on|off        whether connections to the server break (on)
  --kills on|off         whether processes are killed, and those of holds stopped beyond their lease (on)
  --restart-command <shell command>
                         ends the server, whose data must be on its disk, and starts it again; it is run at random
                         instants and must end once the server is up: "docker restart redis" (no restarts)
  --restart-every <n>    deliveries that succeed to one restart, on average (2000)`;

/** What the command is asked for. */
export interface TortureArguments {
  readonly store: string;
  readonly seed: string;
  /** Of one of the two. */
  readonly tasks?: TortureOptions | undefined;
  readonly holds?: HoldTortureOptions | undefined;
}

/** Reads the command's arguments; a string says what is wrong with them. */
export function parseArguments(args: readonly string[]): TortureArguments | string {
  try {
    const { values } = parseArgs({
      // pnpm hands a separator on.
      args: args.filter((argument) => argument !== "--"),
      options: {
        store: { type: "string" },
        what: { type: "string", default: "tasks" },
        tasks: { type: "string", default: "1000" },
        seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
        processes: { type: "string", default: "4" },
        concurrency: { type: "string", default: "64" },
        faults: { type: "string", default: "on" },
        kills: { type: "string", default: "on" },
        "restart-command": { type: "string" },
        "restart-every": { type: "string", default: "2000" },
      },
    });
    const { store, seed, "restart-command": restartCommand } = values;
    if (store === undefined || store === "") return "--store is missing.";
    if (!/^[a-z0-9-]{1,32}$/iu.test(seed)) return "--seed may have up to 32 letters, digits and hyphens.";
    const total = count("tasks", values.tasks);
    const restartEvery = count("restart-every", values["restart-every"]);
    const hasKills = isOn("kills", values.kills);
    const shared = {
      seed,
      processes: count("processes", values.processes),
      concurrency: count("concurrency", values.concurrency),
      faultRate: isOn("faults", values.faults) ? undefined : 0,
      restartServer: restartCommand === undefined ? undefined : async () => await runShellCommand(restartCommand),
    };
    if (values.what === "holds") {
      const kills = hasKills ? {} : { ordersPerKill: 0, programsPerStop: 0 };
      return { store, seed, holds: { ...shared, ...kills, holds: total, ordersPerRestart: restartEvery } };
    }
    if (values.what !== "tasks") return `--what is ${JSON.stringify(values.what)}; expected tasks or holds.`;
    const kills = hasKills ? {} : { deliveriesPerKill: 0 };
    return { store, seed, tasks: { ...shared, ...kills, tasks: total, deliveriesPerRestart: restartEvery } };
  } catch (error) {
    return (error as Error).message;
  }
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new Error(`--${name} is ${JSON.stringify(text)}; expected a whole number from 1.`);
}

function isOn(name: string, text: string): boolean {
  if (text === "on" || text === "off") return text === "on";
  throw new Error(`--${name} is ${JSON.stringify(text)}; expected on or off.`);
}
