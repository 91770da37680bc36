import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readdirSync } from "node:fs";
import type { Socket } from "node:net";

import { liveBytes } from "./live-bytes.ts";

const sampleMs = 100;
// https://nodejs.org/api/diagnostics_channel.html#tcp-socket
const clientSockets = "net.client.socket";

/** The most that a process held at any one time, and what it opened. */
export interface ResourcePeaks {
  /** Memory that the process had of the system, garbage included. */
  readonly rssBytes: number;
  /** Memory in use: what a garbage collection left. */
  readonly liveBytes: number;
  /** Connections that it had begun and not yet closed. */
  readonly connections: number;
  /** How many connections it began, all in all. */
  readonly opened: number;
  /** Open files, sockets included; `undefined` where the system has no `/proc`. */
  readonly descriptors: number | undefined;
}

/** Counts this process's connections, and looks ten times a second at what else it holds. */
export class ResourceWatch implements Disposable {
  #connections = 0;
  #peaks: ResourcePeaks;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#peaks = this.#measure();
    this.#timer = setInterval(() => this.#look(), sampleMs);
    subscribe(clientSockets, this.#onSocket);
  }

  /** Collects the garbage, and says how many bytes are left. */
  collect(): number {
    const bytes = liveBytes();
    this.#look({ liveBytes: bytes });
    return bytes;
  }

  /** The peaks since the last call, or since the beginning. */
  take(): ResourcePeaks {
    this.collect();
    const peaks = this.#peaks;
    this.#peaks = this.#measure();
    return peaks;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    unsubscribe(clientSockets, this.#onSocket);
  }

  #look(besides: Partial<ResourcePeaks> = {}): void {
    const now = { ...this.#measure(), ...besides };
    const peaks = this.#peaks;
    this.#peaks = {
      rssBytes: Math.max(peaks.rssBytes, now.rssBytes),
      liveBytes: Math.max(peaks.liveBytes, now.liveBytes),
      connections: Math.max(peaks.connections, now.connections),
      opened: peaks.opened,
      descriptors: now.descriptors === undefined ? undefined : Math.max(peaks.descriptors ?? 0, now.descriptors),
    };
  }

  #measure(): ResourcePeaks {
    return {
      rssBytes: process.memoryUsage.rss(),
      liveBytes: 0,
      connections: this.#connections,
      opened: 0,
      descriptors: countDescriptors(),
    };
  }

  readonly #onSocket = (event: unknown): void => {
    const { socket } = event as { readonly socket: Socket };
    this.#connections += 1;
    const { connections, opened } = this.#peaks;
    this.#peaks = {
      ...this.#peaks,
      connections: Math.max(connections, this.#connections),
      opened: opened + 1,
    };
    socket.once("close", () => (this.#connections -= 1));
  };
}

function countDescriptors(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
