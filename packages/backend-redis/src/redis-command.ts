import { Duplex } from "node:stream";

import { Command } from "ioredis";

import { isReplyError } from "./redis-error.ts";

/** Options of {@link OneTimeCommand}. */
export interface OneTimeCommandOptions {
  /** A command that was not written before this aborts is never written. */
  readonly signal?: AbortSignal | undefined;
  /** The only connection on which the command makes sense. @default any */
  readonly connection?: object | undefined;
  /** Whether the command may be written again after its connection broke. @default false */
  readonly repeatable?: boolean | undefined;
  /**
   * Text that the server gets as the beginning of the one argument that is bytes. So what belongs together need not be
   * put together before, which would copy a large body once more. @default ""
   */
  readonly head?: string | undefined;
}

/** On a line of a megabit per second, half a second of it. */
const largeBytes = 64 * 1024;

const ping = "*1\r\n$4\r\nPING\r\n";

/**
 * A command that the server gets at most once, whatever the client's settings are.
 *
 * ioredis keeps commands in queues of its own. By default it writes a command again whose connection broke (although
 * the server may have run it), and it writes a queued command whenever the connection is back (although nobody waits
 * for it any more). Either way a write would happen behind its caller's back. In its place this command then writes a
 * PING, so that the order of requests and answers stays intact, and says so in {@link withheld}.
 *
 * What a server sends elsewhere or cannot serve now (MOVED, ASK, TRYAGAIN) is written again.
 *
 * @see https://github.com/redis/ioredis#auto-reconnect
 */
export class OneTimeCommand extends Command {
  /** The connection that the command was last written to; `undefined` while it is certain that the server has not got it. */
  connection: object | undefined;
  /** Whether a PING was written instead. */
  withheld = false;
  readonly #options: OneTimeCommandOptions;
  readonly #hasBytes: boolean;

  constructor(name: string, args: readonly (string | Buffer)[], options: OneTimeCommandOptions = {}) {
    // Which makes an array of its own.
    super(name, args as (string | Buffer)[]);
    this.#options = options;
    this.#hasBytes = args.some((argument) => typeof argument !== "string");
  }

  /**
   * Lets a server that sends the command elsewhere, or cannot serve it now, count as one that has not got it. To be
   * called when the client has taken the command, because a cluster's client then has its own way to see such answers.
   *
   * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redirection-and-resharding
   */
  forgetRedirections(): void {
    const reject = this.reject;
    this.reject = (error) => {
      const isRefused = this.isAnswer(error) && /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /u.test(error.message);
      if (isRefused) this.connection = undefined;
      reject(error);
    };
  }

  /**
   * Whether an error is the server's answer to this very command. When a handshake fails, ioredis rejects all commands
   * that wait with the handshake's error.
   */
  isAnswer(error: unknown): error is Error {
    if (this.withheld || !isReplyError(error) || !("command" in error)) return false;
    const { command } = error;
    return typeof command === "object" && command !== null && "args" in command && command.args === this.args;
  }

  /** Whether what comes after it on its connection may have to wait for it. */
  get isLarge(): boolean {
    return this.args.some((argument) => typeof argument !== "string" && (argument as Buffer).byteLength >= largeBytes);
  }

  override toWritable(connection: object): string | Buffer {
    const { signal, repeatable = false } = this.#options;
    const wanted = this.#options.connection ?? connection;
    const inDoubt = this.connection !== undefined && !isAlive(this.connection);
    this.withheld = signal?.aborted === true || connection !== wanted || (inDoubt && !repeatable);
    if (this.withheld) return ping;
    this.connection = connection;
    sendTogether(connection);
    return this.#hasBytes ? this.#encode() : super.toWritable(connection);
  }

  /** As the client would encode it, but with all bytes copied just once. */
  #encode(): Buffer {
    const { head = "" } = this.#options;
    let before = `*${this.args.length + 1}\r\n$${this.name.length}\r\n${this.name}\r\n`;
    let bytes: Uint8Array = Buffer.alloc(0);
    let after = "";
    for (const argument of this.args) {
      if (typeof argument === "string") {
        const text = `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`;
        if (after === "") before += text;
        else after += text;
      } else {
        bytes = argument as Buffer;
        before += `$${head.length + bytes.byteLength}\r\n${head}`;
        after = "\r\n";
      }
    }
    const beforeBytes = Buffer.byteLength(before);
    const whole = Buffer.allocUnsafe(beforeBytes + bytes.byteLength + Buffer.byteLength(after));
    whole.write(before);
    whole.set(bytes, beforeBytes);
    whole.write(after, beforeBytes + bytes.byteLength);
    return whole;
  }
}

// Few enough that the server is at work on the first while the next are being made.
const commandsInFirstWrite = 4;

/** How many commands a connection was given in this turn of the event loop, and how many when it is written next. */
interface Turn {
  commands: number;
  writeAt: number;
}

const turns = new WeakMap<Duplex, Turn>();

/**
 * Lets what is sent in the same turn of the event loop leave in few system calls, which are most of its cost: each time
 * in as many commands as have left before, so that the server never waits long and 256 of them take seven writes.
 */
function sendTogether(connection: object): void {
  if (!(connection instanceof Duplex)) return;
  const turn = turns.get(connection);
  if (turn === undefined) {
    turns.set(connection, { commands: 1, writeAt: commandsInFirstWrite });
    connection.cork();
    process.nextTick(() => {
      turns.delete(connection);
      connection.uncork();
    });
    return;
  }
  if (turn.commands === turn.writeAt) {
    turn.writeAt *= 2;
    connection.uncork();
    connection.cork();
  }
  turn.commands += 1;
}

function isAlive(connection: object): boolean {
  return "writable" in connection && connection.writable === true;
}
