import { createHash, getFips } from "node:crypto";

import { DriverFailureError } from "@holdpoint/core/driver";

import { hasStatus, isMissingBucket } from "./gcs-error.ts";
import type { GcsAnswer } from "./gcs-answer.ts";
import type { GcsRequest, GcsTransport } from "./gcs-transport.ts";
import { encodeUrlPart, queryString } from "./url-encoding.ts";
import { createMultipartBody } from "./multipart-body.ts";

/** Where a bucket is and how it is read. */
export interface GcsBucketSettings {
  /** Origin of the service, without a slash at its end. */
  readonly endpoint: string;
  readonly bucket: string;
  /**
   * Download through the XML API rather than the JSON API. Google's service sends an object's own metadata along with
   * its bytes there and only there, so that a read is one request.
   *
   * @see https://pkg.go.dev/cloud.google.com/go/storage#Reader.Metadata
   */
  readonly downloadsByXml: boolean;
}

/** An object's bytes and what came with them. */
export interface GcsObject {
  readonly body: Uint8Array;
  readonly generation: string;
  /** `undefined` if it was not written by us. */
  readonly writeId: string | undefined;
  readonly modifiedAt: Date | undefined;
}

/** One page of a listing. */
export interface GcsPage {
  readonly items: readonly {
    readonly name: string;
    readonly sizeBytes: number | undefined;
    readonly modifiedAt: Date | undefined;
    readonly generation: string;
  }[];
  /** What the names of grouped objects begin with, up to and with the slash. */
  readonly groups: readonly string[];
  readonly nextPageToken: string | undefined;
}

/** Which page of which objects. */
export interface GcsListRequest {
  readonly prefix: string;
  readonly pageToken: string | undefined;
  /** Whether objects that have a slash after the prefix are told by what comes up to it alone. */
  readonly grouped: boolean;
}

/** The part of a bucket's own resource that bears on what is kept in it. */
export interface BucketSettings {
  readonly lifecycle?: {
    readonly rule?: readonly {
      readonly action?: { readonly type?: string };
      readonly condition?: { readonly matchesPrefix?: readonly string[]; readonly [name: string]: unknown };
    }[];
  };
  readonly versioning?: { readonly enabled?: boolean };
  readonly retentionPolicy?: { readonly retentionPeriod?: string | number };
  readonly defaultEventBasedHold?: boolean;
}

/** A download; a server may leave headers out. */
interface Download extends Omit<GcsObject, "generation"> {
  readonly generation: string | undefined;
}

/** What the JSON API says about an object. */
interface Description extends Omit<GcsObject, "body"> {
  readonly md5: string | undefined;
}

const writeIdName = "holdpoint-write-id";

/** The requests to one bucket that a store is made of. Names are whole object names, prefix included. */
export class GcsBucket {
  readonly #transport: GcsTransport;
  readonly #settings: GcsBucketSettings;
  /** Once a download was seen to carry an object's own metadata, an object that comes without it has none. */
  #downloadsCarryMetadata = false;

  constructor(transport: GcsTransport, settings: GcsBucketSettings) {
    this.#transport = transport;
    this.#settings = settings;
  }

  /**
   * Writes an object in one request and returns its generation. `ifGeneration` "0" means: only if there is none.
   *
   * @see https://cloud.google.com/storage/docs/json_api/v1/objects/insert
   */
  async upload(
    name: string,
    bytes: Uint8Array,
    writeId: string,
    ifGeneration: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const { endpoint, bucket } = this.#settings;
    const query = { uploadType: "multipart", name, fields: "generation", ifGenerationMatch: ifGeneration };
    const resource = {
      // Again, for servers that only look here.
      name,
      contentType: "application/octet-stream",
      // Objects that the public may read are cached for an hour otherwise, and then an old value is read for that long.
      // https://cloud.google.com/storage/docs/consistency
      cacheControl: "no-store",
      // The server compares it and refuses the object if a byte went wrong.
      md5Hash: md5Of(bytes),
      metadata: { [writeIdName]: writeId },
    };
    const { contentType, body } = createMultipartBody(resource, bytes);
    const answer = await this.#transport.send({
      method: "POST",
      url: `${endpoint}/upload/storage/v1/b/${bucket}/o${queryString(query)}`,
      headers: { "content-type": contentType },
      body,
      signal,
    });
    return generationIn(parseJson(answer));
  }

  /**
   * Reads an object, in one request if the answer carries the generation and the object's own metadata, else in two.
   * Bytes, generation and write id are always those of one and the same generation.
   *
   * @throws {BodyTooLargeError} for a body that is larger than `maxBytes`
   */
  async read(name: string, signal: AbortSignal, maxBytes?: number): Promise<GcsObject | null> {
    for (let round = 1; round <= 3; round += 1) {
      const download = await this.#download(name, signal, maxBytes);
      if (download === null) return null;
      const { body, generation, writeId } = download;
      this.#downloadsCarryMetadata ||= writeId !== undefined;
      if (generation !== undefined && this.#downloadsCarryMetadata) return { ...download, generation };
      const described = await this.#describe(name, signal);
      if (described === null) return null;
      // Otherwise it was overwritten in between. A server that does not say which generation it has sent may have sent
      // an older one with the same bytes, which makes no difference.
      const { md5, ...properties } = described;
      const isSame =
        generation === undefined ? md5 !== undefined && md5 === md5Of(body) : generation === properties.generation;
      if (isSame) return { ...properties, body };
    }
    throw new DriverFailureError({
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: "the object was overwritten again and again while it was read",
    });
  }

  /**
   * Removes an object; resolves to whether there was one.
   *
   * @see https://cloud.google.com/storage/docs/json_api/v1/objects/delete
   */
  async delete(name: string, ifGeneration: string | undefined, signal: AbortSignal): Promise<boolean> {
    const url = this.#objectUrl(name) + queryString({ ifGenerationMatch: ifGeneration });
    const answer = await this.#unlessMissing({ method: "DELETE", url, signal });
    return answer !== null;
  }

  /** Whether it is certain that there is no such object; without the permission to list, it never is. */
  async isMissing(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.#describe(name, signal)) === null;
    } catch (error) {
      if (hasStatus(error, 403)) return false;
      throw error;
    }
  }

  /** @see https://cloud.google.com/storage/docs/json_api/v1/objects/list */
  async list({ prefix, pageToken, grouped }: GcsListRequest, signal: AbortSignal): Promise<GcsPage> {
    const { endpoint, bucket } = this.#settings;
    const query = {
      prefix,
      maxResults: "1000",
      fields: `nextPageToken,items(name,size,updated,generation)${grouped ? ",prefixes" : ""}`,
      pageToken,
      delimiter: grouped ? "/" : undefined,
    };
    const url = `${endpoint}/storage/v1/b/${bucket}/o${queryString(query)}`;
    const page = parseJson(await this.#transport.send({ method: "GET", url, signal })) as {
      readonly items?: readonly ({ readonly name: string; readonly size?: string; readonly updated?: string } | null)[];
      readonly prefixes?: readonly string[];
      readonly nextPageToken?: string;
    };
    const items = (page.items ?? []).flatMap((item) => {
      // Seen at an emulator, for an object that was removed meanwhile.
      if (item === null) return [];
      const { name, size, updated } = item;
      const sizeBytes = size === undefined ? undefined : Number(size);
      return [{ name, sizeBytes, modifiedAt: dateOf(updated), generation: generationIn(item) }];
    });
    return { items, groups: page.prefixes ?? [], nextPageToken: page.nextPageToken || undefined };
  }

  async #download(name: string, signal: AbortSignal, maxBytes: number | undefined): Promise<Download | null> {
    const { endpoint, bucket, downloadsByXml } = this.#settings;
    const url = downloadsByXml ? `${endpoint}/${bucket}/${encodeUrlPart(name)}` : `${this.#objectUrl(name)}?alt=media`;
    const answer = await this.#unlessMissing({
      method: "GET",
      url,
      // An object that somebody stored with gzip would otherwise be unpacked by the server.
      // https://cloud.google.com/storage/docs/transcoding
      headers: { "accept-encoding": "gzip", "cache-control": "no-store" },
      maxBytes,
      signal,
    });
    if (answer === null) return null;
    const { body } = answer;
    // Absent for objects that were composed of others.
    const md5 = /md5=([^,\s]+)/u.exec(answer.header("x-goog-hash") ?? "")?.[1];
    if (md5 !== undefined && md5 !== (md5Of(body) ?? md5)) {
      throw new DriverFailureError({
        code: "corrupt",
        retryable: true,
        outcome: "not-applied",
        message: "the bytes that arrived are not those that the server sent (their MD5 differs)",
      });
    }
    return {
      body,
      generation: answer.header("x-goog-generation"),
      writeId: answer.header(`x-goog-meta-${writeIdName}`),
      modifiedAt: dateOf(answer.header("last-modified")),
    };
  }

  async #describe(name: string, signal: AbortSignal): Promise<Description | null> {
    const url = this.#objectUrl(name) + queryString({ fields: "generation,md5Hash,metadata,updated" });
    const answer = await this.#unlessMissing({ method: "GET", url, isContinuation: true, signal });
    if (answer === null) return null;
    const resource = parseJson(answer) as {
      readonly md5Hash?: string;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly updated?: string;
    };
    return {
      generation: generationIn(resource),
      md5: resource.md5Hash,
      writeId: resource.metadata?.[writeIdName],
      modifiedAt: dateOf(resource.updated),
    };
  }

  /** Sends a request; `null` if the object does not exist. A bucket that does not exist stays an error. */
  async #unlessMissing(request: GcsRequest): Promise<GcsAnswer | null> {
    try {
      return await this.#transport.send(request);
    } catch (error) {
      if (hasStatus(error, 404) && !isMissingBucket(error)) return null;
      throw error;
    }
  }

  /**
   * What the bucket's owner has set.
   *
   * @see https://cloud.google.com/storage/docs/json_api/v1/buckets
   */
  async settings(signal: AbortSignal): Promise<BucketSettings> {
    const { endpoint, bucket } = this.#settings;
    const fields = "lifecycle,versioning,retentionPolicy,defaultEventBasedHold";
    const url = `${endpoint}/storage/v1/b/${bucket}${queryString({ fields })}`;
    return parseJson(await this.#transport.send({ method: "GET", url, signal }));
  }

  #objectUrl(name: string): string {
    return `${this.#settings.endpoint}/storage/v1/b/${this.#settings.bucket}/o/${encodeUrlPart(name)}`;
  }
}

/** Base64, or `undefined` where the machine's rules forbid MD5. */
function md5Of(body: Uint8Array): string | undefined {
  return getFips() === 0 ? createHash("md5").update(body).digest("base64") : undefined;
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function parseJson(answer: GcsAnswer): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(answer.body).toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {}
  throw new DriverFailureError(strangerFailure);
}

function generationIn(resource: object): string {
  const { generation } = resource as { readonly generation?: unknown };
  if (typeof generation === "string" && /^\d+$/u.test(generation)) return generation;
  throw new DriverFailureError(strangerFailure);
}

const strangerFailure = {
  code: "unavailable",
  retryable: false,
  outcome: "unknown",
  message: "what answered is no Cloud Storage server",
  remedy: "Check the endpoint (the option endpoint, or STORAGE_EMULATOR_HOST).",
} as const;
