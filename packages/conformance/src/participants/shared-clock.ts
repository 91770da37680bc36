/**
 * A clock that is the same in all processes of a machine, in nanoseconds. Node.js reads `hrtime` off the kernel's own;
 * Bun and Deno count it from the start of each process, so that there it is the time of day.
 */
export const sharedClock = isHrtimeOfThisProcess()
  ? {
      now: timeOfDay,
      // Each process has looked at the time of day once, at its start, and has counted on from there.
      atLatest: (): bigint => timeOfDay() + 1_000_000n,
    }
  : {
      /** It is this late. */
      now: (): bigint => process.hrtime.bigint(),
      /** In no process it is later than this. */
      atLatest: (): bigint => process.hrtime.bigint(),
    };

function timeOfDay(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000)) * 1_000n;
}

function isHrtimeOfThisProcess(): boolean {
  return process.hrtime.bigint() < (process.uptime() + 1) * 1e9;
}
