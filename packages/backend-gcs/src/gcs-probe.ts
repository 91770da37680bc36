import type { GcsBucket } from "./gcs-bucket.ts";
import { hasStatus } from "./gcs-error.ts";

/**
 * A generation that no object has: Google's are microseconds since 1970, emulators' that, nanoseconds, or small numbers.
 * JSON numbers can still hold it.
 */
export const impossibleGeneration = String(Number.MAX_SAFE_INTEGER);

const scratch = new TextEncoder().encode("A scratch object of @holdpoint/backend-gcs. It may be deleted.\n");

/**
 * Asks whether the bucket can be written to, by an upload that must fail: its precondition never holds. Nothing is left
 * behind, and no permission is needed but the one to create objects. Resolves to whether the precondition was honoured.
 */
export async function tryImpossibleUpload(bucket: GcsBucket, name: string, signal: AbortSignal): Promise<boolean> {
  if (!(await succeeds(bucket.upload(name, scratch, "check", impossibleGeneration, signal)))) return true;
  await bucket.delete(name, undefined, signal);
  return false;
}

/** What a server was seen to do. */
export interface ProbeFindings {
  readonly honoursUploadPreconditions: boolean;
  readonly honoursDeletePreconditions: boolean;
}

/** Finds out, with a scratch object that is removed again, what a server that is not Google's can be relied on for. */
export async function probeServer(bucket: GcsBucket, name: string, signal: AbortSignal): Promise<ProbeFindings> {
  // Alone: what is no Cloud Storage at all is asked no further.
  const honoursAbsence = await tryImpossibleUpload(bucket, name, signal);
  await bucket.upload(name, scratch, "probe", "0", signal);
  try {
    // At once, because all of it has the time of one request.
    const [recreates, overwrites] = await allEnded([
      succeeds(bucket.upload(name, scratch, "probe", "0", signal)),
      succeeds(bucket.upload(name, scratch, "probe", impossibleGeneration, signal)),
      // Shows the bucket what downloads carry here.
      bucket.read(name, signal),
    ]);
    const deletes = await succeeds(bucket.delete(name, impossibleGeneration, signal));
    return {
      honoursUploadPreconditions: honoursAbsence && !recreates && !overwrites,
      honoursDeletePreconditions: !deletes,
    };
  } finally {
    await bucket.delete(name, undefined, signal);
  }
}

/** `Promise.all`, but with nothing under way any more when it rejects. */
async function allEnded<Results extends readonly unknown[]>(requests: {
  readonly [Index in keyof Results]: Promise<Results[Index]>;
}): Promise<Results> {
  await Promise.allSettled(requests);
  return (await Promise.all(requests)) as Results;
}

/** Whether a request succeeds, or fails because its precondition does not hold. */
async function succeeds(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (hasStatus(error, 412)) return false;
    throw error;
  }
}
