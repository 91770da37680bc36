import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { Fault, FaultOptions, PlannedFault, RequestFault } from "./fault.ts";
import { faultProtocols } from "./fault-protocol.ts";
import type { FaultProtocolName } from "./fault-protocol.ts";
import { ProxyConnection } from "./proxy-connection.ts";
import type { ProxyRules } from "./proxy-connection.ts";
import type { FaultProtocol } from "./request-reader.ts";

/** What {@link startFaultProxy} stands in front of. */
export interface FaultProxySettings {
  /** The server's address, for example `redis://127.0.0.1:6379` or `127.0.0.1:6379`. */
  readonly target: string;
  /**
   * What is spoken there, without TLS: by it the proxy finds the moment for a fault.
   *
   * @default "tcp", of which nothing is known: whatever a client sends in one piece is a request
   */
  readonly protocol?: FaultProtocolName | FaultProtocol | undefined;
}

/** A request that a client has sent. */
export type SeenRequest = "read" | "write";

/** A proxy on loopback between clients and a server, which fails as networks and servers do, on command. */
export interface FaultProxy extends AsyncDisposable {
  /** The target with the proxy's host and port in place of the server's. */
  readonly address: string;
  /** The faults that it can cause here. */
  readonly faults: readonly Fault[];
  /** What clients have asked since the start, in its order; also what did not reach the server. */
  readonly requests: readonly SeenRequest[];
  /** How often each fault has happened since the start: to a request, to a connection, or, `refuse`, to all of them. */
  readonly injected: Readonly<Partial<Record<Fault, number>>>;
  /** How many faults of `nextWrite` and `nextRead` still wait for their request. */
  readonly waiting: number;

  /** Causes a fault at the next request that writes. Several wait for one request each. */
  nextWrite(fault: RequestFault, options?: FaultOptions): void;
  /** Causes a fault at the next request that reads. Several wait for one request each. */
  nextRead(fault: RequestFault, options?: FaultOptions): void;
  /** Causes a fault again and again, also on connections that are made later, until `clear`. */
  always(fault: Fault, options?: FaultOptions): void;
  /**
   * Asks `choose` at every request which fault to cause, if any, until `clear`: for faults at random. Takes the place of
   * what `always` does to requests.
   */
  choose(choose: (request: SeenRequest) => PlannedFault | undefined): void;
  /**
   * Ends all faults, those too that still wait for a request. Connections that a fault has silenced are reset. What
   * clients sent before still meets the faults, so that nothing is passed on that they gave up meanwhile.
   *
   * @throws {Error} if a `meanwhile` has failed, with its error as `cause`
   */
  clear(): Promise<void>;
}

/**
 * Starts a proxy that forwards every byte until it is told to cause a fault.
 *
 * Members of a Redis Cluster tell clients their own addresses; what clients ask there does not pass here.
 *
 * @throws {TypeError} if the target has no port
 * @example
 * ```ts
 * await using proxy = await startFaultProxy({ target: "redis://127.0.0.1:6379", protocol: "redis" });
 * await using store = await openStore(proxy.address);
 * proxy.nextWrite("cut-after-commit");
 * // The answer is lost; the store finds out that the write is there, and resolves.
 * await store.put("paused/task-1.json", body, { ifAbsent: true });
 * ```
 */
export async function startFaultProxy({ target, protocol = "tcp" }: FaultProxySettings): Promise<FaultProxy> {
  const proxy = new RunningFaultProxy(target, typeof protocol === "string" ? faultProtocols[protocol] : protocol);
  await proxy.listen();
  return proxy;
}

/** These are caused to all bytes that come; any other fault is caused to each request. */
const standingFaults: ReadonlySet<Fault> = new Set<Fault>(["delay", "throttle", "half-open", "blackhole", "refuse"]);

const requestFaults: readonly RequestFault[] = [
  "delay",
  "cut-before-request",
  "cut-within-request",
  "cut-after-commit",
  "cut-within-answer",
  "half-open",
  "blackhole",
];

// Below those that an operating system gives to whoever asks for any: of these, another program could get ours while we
// do not listen on it. https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
const firstPort = 10_000;
const ports = 22_768;
const maxListenAttempts = 100;
// Of the event loop, from when a connection is accepted until what has come on it is read; one or two to spare.
const turnsToRead = 4;

class RunningFaultProxy implements FaultProxy, ProxyRules {
  readonly faults: readonly Fault[];
  readonly requests: SeenRequest[] = [];
  readonly injected: Partial<Record<Fault, number>> = {};
  standing: ProxyRules["standing"];
  readonly #url: URL;
  readonly #hasScheme: boolean;
  readonly #upstream: { readonly host: string; readonly port: number };
  readonly #protocol: FaultProtocol;
  readonly #connections = new Set<ProxyConnection>();
  #waiting: { readonly kind: SeenRequest; readonly planned: PlannedFault }[] = [];
  #choose: ((request: SeenRequest) => PlannedFault | undefined) | undefined;
  #server: Server | undefined;
  /** Connections of our own, which only tell that all were accepted that had been made before them. */
  readonly #own = new Set<Socket>();
  #port = 0;
  #problem: { readonly error: unknown } | undefined;

  constructor(target: string, protocol: FaultProtocol) {
    this.#hasScheme = /^[a-z][a-z0-9+.-]*:\/\//iu.test(target);
    this.#url = new URL(this.#hasScheme ? target : `tcp://${target}`);
    if (this.#url.port === "")
      throw new TypeError(`The target of a fault proxy needs a port; ${this.#url.host} has none.`);
    this.#upstream = { host: this.#url.hostname.replaceAll(/^\[|\]$/gu, ""), port: Number(this.#url.port) };
    this.#protocol = protocol;
    this.faults = [
      ...requestFaults,
      "throttle",
      "refuse",
      ...protocol.errors.map((error): RequestFault => `answer:${error}`),
    ];
  }

  get address(): string {
    const url = new URL(this.#url);
    url.hostname = "127.0.0.1";
    url.port = String(this.#port);
    return this.#hasScheme ? url.href : url.host;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  nextWrite(fault: RequestFault, options?: FaultOptions): void {
    this.#wait("write", fault, options);
  }

  nextRead(fault: RequestFault, options?: FaultOptions): void {
    this.#wait("read", fault, options);
  }

  always(fault: Fault, options: FaultOptions = {}): void {
    this.#assertKnown(fault);
    if (standingFaults.has(fault)) {
      this.standing = { ...options, fault };
      if (fault !== "refuse") return;
      // Once, for the port: where no connection stands open, nothing else would tell that it has happened.
      this.count("refuse");
      this.#refuse();
    } else {
      const planned: PlannedFault = { ...options, fault: fault as RequestFault };
      this.#choose = () => planned;
    }
  }

  choose(choose: (request: SeenRequest) => PlannedFault | undefined): void {
    this.#choose = choose;
  }

  async clear(): Promise<void> {
    await this.#takeWhatHasCome();
    this.standing = undefined;
    this.#choose = undefined;
    this.#waiting = [];
    for (const connection of this.#connections) if (connection.isSilent) connection.cut();
    if (this.#server === undefined) await this.listen();
    const problem = this.#problem;
    this.#problem = undefined;
    if (problem !== undefined) {
      throw new Error("The fault proxy could not do what it was told.", { cause: problem.error });
    }
  }

  /** Listens on the port that it had before, or else on one that nobody takes while it refuses connections. */
  async listen(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const port = this.#port === 0 ? firstPort + Math.floor(Math.random() * ports) : this.#port;
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
      server.listen({ host: "127.0.0.1", port });
      try {
        await once(server, "listening");
      } catch (error) {
        if (this.#port === 0 && attempt < maxListenAttempts) continue;
        throw error;
      }
      this.#port = port;
      this.#server = server;
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#server === undefined ? undefined : once(this.#server, "close");
    this.#refuse();
    await closed;
  }

  take(kind: SeenRequest | "any"): PlannedFault | undefined {
    const seen = kind === "any" ? "write" : kind;
    this.requests.push(seen);
    const index = this.#waiting.findIndex((waiting) => kind === "any" || waiting.kind === kind);
    if (index >= 0) return this.#waiting.splice(index, 1)[0]?.planned;
    const chosen = this.#choose?.(seen);
    if (chosen !== undefined) this.#assertKnown(chosen.fault);
    return chosen;
  }

  count(fault: Fault): void {
    this.injected[fault] = (this.injected[fault] ?? 0) + 1;
  }

  fail(error: unknown): void {
    this.#problem ??= { error };
  }

  #wait(kind: SeenRequest, fault: RequestFault, options: FaultOptions = {}): void {
    this.#assertKnown(fault);
    this.#waiting.push({ kind, planned: { ...options, fault } });
  }

  #assertKnown(fault: Fault): void {
    if (this.faults.includes(fault)) return;
    throw new TypeError(`The fault proxy cannot cause ${fault} here; it knows: ${this.faults.join(", ")}.`);
  }

  /** Has what clients sent before this meet the faults that it was sent under, also what nobody has read yet. */
  async #takeWhatHasCome(): Promise<void> {
    if (this.#server === undefined) return;
    // Connections are accepted in the order in which they were made: after this one, all that came before are known.
    const last = connect({ host: "127.0.0.1", port: this.#port });
    this.#own.add(last);
    await once(last.resume(), "close").catch(() => undefined);
    this.#own.delete(last);
    for (let turn = 0; turn < turnsToRead; turn += 1) await nextTurn();
  }

  #accept(client: Socket): void {
    if ([...this.#own].some(({ localPort }) => localPort === client.remotePort)) {
      client.destroy();
      return;
    }
    const connection = new ProxyConnection(client, this.#upstream, this.#protocol.createReader(), this);
    this.#connections.add(connection);
    void connection.run().finally(() => this.#connections.delete(connection));
  }

  /** Listens no more, and resets what there is. */
  #refuse(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const connection of this.#connections) connection.cut();
  }
}
