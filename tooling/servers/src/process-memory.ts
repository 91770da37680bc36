import { readFileSync } from "node:fs";

/** What Linux says of a process's memory, in bytes. */
export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most that it has been so far. */
  readonly peakBytes: number;
}

/**
 * The memory that a process has in RAM. Not `process.resourceUsage().maxRSS`: on Linux that begins with what the process
 * had from which it was started, and hides whatever is less.
 *
 * @throws {Error} where there is no such process, or no `/proc`
 * @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function processMemory(pid: number | "self" | undefined = "self"): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytesOf = (name: string): number => {
    const kibibytes = new RegExp(`^${name}:\\s+(?<kib>\\d+) kB$`, "mu").exec(status)?.groups?.["kib"];
    if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${name}.`);
    return Number(kibibytes) * 1_024;
  };
  return { residentBytes: bytesOf("VmRSS"), peakBytes: bytesOf("VmHWM") };
}
