import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const sampleMs = 100;
const connectionTables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
// The columns of https://docs.kernel.org/networking/proc_net_tcp.html
const stateColumn = 3;
const inodeColumn = 9;
const established = "01";

/** The most that a process held at any one time. */
export interface ResourcePeaks {
  readonly rssBytes: number;
  /** Established TCP connections; `undefined` where the system has no `/proc`. */
  readonly connections: number | undefined;
  /** Open files, sockets included; `undefined` where the system has no `/proc`. */
  readonly descriptors: number | undefined;
}

/** Looks at what this process holds, ten times a second. */
export class ResourceWatch implements Disposable {
  #peaks: ResourcePeaks = measure();
  readonly #timer = setInterval(() => {
    this.#peaks = larger(this.#peaks, measure());
  }, sampleMs);

  /** The peaks since the last call, or since the beginning. */
  take(): ResourcePeaks {
    const now = measure();
    const peaks = larger(this.#peaks, now);
    this.#peaks = now;
    return peaks;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function measure(): ResourcePeaks {
  return { rssBytes: process.memoryUsage.rss(), ...measureDescriptors() };
}

function measureDescriptors(): Pick<ResourcePeaks, "connections" | "descriptors"> {
  try {
    const names = readdirSync("/proc/self/fd");
    const own = new Set(names.flatMap(socketInode));
    const connections = connectionTables.flatMap(establishedInodes).filter((inode) => own.has(inode)).length;
    return { connections, descriptors: names.length };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { connections: undefined, descriptors: undefined };
    throw error;
  }
}

function socketInode(descriptor: string): readonly string[] {
  try {
    const inode = /^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
    return inode === undefined ? [] : [inode];
  } catch {
    // Closed meanwhile.
    return [];
  }
}

/** The table has the connections of the whole network namespace. */
function establishedInodes(path: string): readonly string[] {
  const [, ...rows] = readFileSync(path, "utf8").trim().split("\n");
  return rows.flatMap((row) => {
    const columns = row.trim().split(/\s+/u);
    const inode = columns[inodeColumn];
    return columns[stateColumn] === established && inode !== undefined ? [inode] : [];
  });
}

function larger(left: ResourcePeaks, right: ResourcePeaks): ResourcePeaks {
  return {
    rssBytes: Math.max(left.rssBytes, right.rssBytes),
    connections: largerOf(left.connections, right.connections),
    descriptors: largerOf(left.descriptors, right.descriptors),
  };
}

function largerOf(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : Math.max(left, right);
}
