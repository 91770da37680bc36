import type { ObjectClient, ObjectFailure, WriteHeaders } from "./object-client.ts";
import { digestOf, etagOfVersion, versionOfEtag } from "./s3-version.ts";

/** What a server makes of preconditions. */
export interface PreconditionFindings {
  /** What it ought to have refused and did not, or could not do, in words; empty if all is well. */
  readonly problems: readonly string[];
  readonly conditionalDelete: boolean;
  /** Whether the ETag of a plain object is the MD5 of its bytes. */
  readonly etagsAreDigests: boolean;
}

const otherVersion = "00000000000000000000000000000000";

/**
 * Finds out by writing one scratch object whether a server honours `If-None-Match` and `If-Match` on PUT, and `If-Match`
 * on DELETE. Many S3-compatible servers, and older versions of most, ignore these headers without a word.
 * The object is removed again.
 */
export async function probePreconditions(
  client: ObjectClient,
  name: string,
  signal: AbortSignal,
): Promise<PreconditionFindings> {
  const problems: string[] = [];
  const put = async (text: string, headers: Omit<WriteHeaders, "writeId">): Promise<string> => {
    const etag = await client.write(name, Buffer.from(text), { writeId: "probe", ...headers }, signal);
    return versionOfEtag(etag);
  };
  const expectRefusal = async (problem: string, request: () => Promise<unknown>): Promise<boolean> => {
    const refused = await refuses(client, request);
    if (!refused) problems.push(problem);
    return refused;
  };

  try {
    let version = otherVersion;
    if (await refuses(client, async () => (version = await put("created", { ifNoneMatch: "*" })))) {
      problems.push("it refuses to create an object with If-None-Match");
      version = await put("created", {});
    }
    const etagsAreDigests = version === digestOf(Buffer.from("created"));
    await expectRefusal("it overwrites an object in spite of If-None-Match", () => put("again", { ifNoneMatch: "*" }));
    await expectRefusal("it overwrites an object in spite of an If-Match that does not match", () =>
      put("stolen", { ifMatch: etagOfVersion(otherVersion) }),
    );
    const update = async (): Promise<unknown> => (version = await put("updated", { ifMatch: etagOfVersion(version) }));
    if (problems.length === 0 && (await refuses(client, update))) {
      problems.push("it refuses to update an object with the If-Match of its own ETag");
    }

    const conditionalDelete = await probeRemove(client, name, version, signal);
    if (await removeScratch(client, name, signal)) {
      await expectRefusal("it revives a removed object in spite of If-Match", () =>
        put("revived", { ifMatch: etagOfVersion(version) }),
      );
    }
    return { problems, conditionalDelete, etagsAreDigests };
  } finally {
    // After an abort the request could not be sent any more: then the scratch object stays.
    await removeScratch(client, name, signal).catch(() => undefined);
  }
}

/** Whether DELETE honours `If-Match`, and tells a key that is gone from one that has changed. */
async function probeRemove(client: ObjectClient, name: string, version: string, signal: AbortSignal): Promise<boolean> {
  if (!client.canRemoveConditionally) return false;
  const remove = (ifVersion: string): Promise<ObjectFailure | undefined> =>
    refusal(client, () => client.remove(name, etagOfVersion(ifVersion), signal));
  try {
    const changed = await remove(otherVersion);
    if (changed?.status !== 412 || (await remove(version)) !== undefined) return false;
    const gone = await remove(version);
    return gone?.code === "NoSuchKey";
  } catch (error) {
    if (client.explain(error).status === 403) return false;
    throw error;
  }
}

/** `false` if removing is not permitted, which a store that never removes can live with. */
async function removeScratch(client: ObjectClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.remove(name, undefined, signal);
    return true;
  } catch (error) {
    const { status, code } = client.explain(error);
    if (status === 403) return false;
    // Nothing is left, which some servers say in this way.
    if (status === 404 && code !== "NoSuchBucket") return true;
    throw error;
  }
}

async function refuses(client: ObjectClient, request: () => Promise<unknown>): Promise<boolean> {
  return (await refusal(client, request)) !== undefined;
}

/** How a request is turned away for its condition, or for having one; `undefined` if it is not. */
async function refusal(client: ObjectClient, request: () => Promise<unknown>): Promise<ObjectFailure | undefined> {
  try {
    await request();
    return undefined;
  } catch (error) {
    const failure = client.explain(error);
    if (failure.status === 412 || failure.status === 501 || failure.code === "NoSuchKey") return failure;
    throw error;
  }
}
