import type { IncomingHttpHeaders } from "node:http";
import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";

import { BodyTooLargeError, defaultMaxBodyBytes } from "@holdpoint/core/driver";
import type { ReadContext } from "@holdpoint/core/driver";

import { versionOfEtag } from "./s3-version.ts";

/**
 * What the driver needs of an S3 client; each method sends one request, and rejects with the SDK's own error.
 * The AWS SDK and the `minio` client each have an adapter, so that both keep the same objects in the same way.
 */
export interface ObjectClient {
  /** The host that the last request went to, without a port; `undefined` before the first. */
  readonly host: string | undefined;
  /** Whether `remove` can carry a condition. */
  readonly canRemoveConditionally: boolean;

  /** @throws {BodyTooLargeError} */
  read(name: string, context: ReadRequest): Promise<StoredObject>;

  /** Resolves if there is such an object. Not a HEAD request, whose bodiless 404 could mean a missing bucket as well. */
  find(name: string, signal: AbortSignal): Promise<void>;

  /** Resolves to the `ETag` header of the answer. */
  write(name: string, body: Uint8Array, headers: WriteHeaders, signal: AbortSignal): Promise<string | undefined>;

  remove(name: string, ifMatch: string | undefined, signal: AbortSignal): Promise<void>;

  /** One page of the objects whose names begin with a prefix. */
  listPage(request: ListRequest, signal: AbortSignal): Promise<ObjectPage>;

  /** The bucket's rules that remove objects; rejects with code `NoSuchLifecycleConfiguration` where there are none. */
  lifecycleRules(signal: AbortSignal): Promise<readonly LifecycleRule[]>;

  /** `Enabled`, `Suspended`, or `undefined` for a bucket that never had versions. */
  versioning(signal: AbortSignal): Promise<string | undefined>;

  close(): Promise<void>;

  /** The facts of an error that a method above rejected with. Never throws. */
  explain(error: unknown): ObjectFailure;
}

/** What ends a read, and how large a body it wants. */
export type ReadRequest = Omit<ReadContext, "durable">;

/** What a server says of a body before it sends it. */
export interface AnnouncedBody {
  readonly lengthBytes: number | undefined;
  readonly etag: string | undefined;
}

/** What goes with a body. */
export interface WriteHeaders {
  readonly writeId: string;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: "*" | undefined;
}

/** An object as it was read. */
export interface StoredObject {
  readonly body: Uint8Array;
  readonly etag: string | undefined;
  readonly writeId: string | undefined;
  /** Whether the server encrypts it, and its ETag may therefore be no digest of the bytes. */
  readonly isEncrypted: boolean;
  readonly modifiedAt: Date | undefined;
}

/**
 * A rule of a bucket as S3 describes it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 */
export interface LifecycleRule {
  readonly ID?: string | undefined;
  readonly Status?: string | undefined;
  readonly Prefix?: string | undefined;
  readonly Filter?:
    | {
        readonly Prefix?: string | undefined;
        readonly Tag?: unknown;
        readonly And?: { readonly Prefix?: string | undefined; readonly Tags?: unknown } | undefined;
      }
    | undefined;
  readonly Expiration?:
    | { readonly Days?: number | string | undefined; readonly Date?: Date | string | undefined }
    | undefined;
}

/** Which page of which objects. */
export interface ListRequest {
  readonly prefix: string;
  /** Where the page before has ended. */
  readonly cursor: string | undefined;
  /** Whether objects that have a slash after the prefix are told by what comes up to it alone. */
  readonly grouped: boolean;
}

/** One page of a listing; the last one has no `nextCursor`. */
export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** What the names of grouped objects begin with, up to and with the slash. */
  readonly groups: readonly string[];
  readonly nextCursor: string | undefined;
}

/** One row of a listing. */
interface ListedObject {
  readonly name: string;
  readonly sizeBytes: number | undefined;
  readonly modifiedAt: Date | undefined;
  readonly etag: string | undefined;
}

/** The facts of a failed request. */
export interface ObjectFailure {
  /** The HTTP status, if there was an answer. */
  readonly status?: number | undefined;
  /** The `Code` in the body of an S3 error answer. */
  readonly code?: string | undefined;
  /** There was an answer, and it broke off before it had said everything. */
  readonly brokeOff?: boolean | undefined;
  /** The error itself, which may be one of the connection. */
  readonly cause?: unknown;
  /** No request was sent, because of these settings. */
  readonly unsent?: "credentials" | "configuration" | undefined;
  readonly message: string;
  /** The `Retry-After` header. */
  readonly retryAfter?: string | undefined;
  /** Where the bucket is, if the server said so. */
  readonly region?: string | undefined;
}

/** The name, without `x-amz-meta-`, of the metadata that a write's id is stored in. */
export const writeIdMetadata = "holdpoint-write-id";

/**
 * Reads a body to its end into an array of its own.
 *
 * @throws {Error} if the body is not as long as its server announced
 * @throws {BodyTooLargeError}
 */
export async function readWhole(
  stream: Readable,
  announced: AnnouncedBody,
  { signal, maxBytes = Infinity }: ReadRequest,
): Promise<Uint8Array> {
  const tooLarge = refuseLarger(stream, announced, maxBytes);
  if (tooLarge !== undefined) throw tooLarge;
  const whole = gather(addAbortSignal(signal, stream), announced.lengthBytes);
  await finished(stream);
  return whole();
}

/**
 * Puts a body together as it comes. What is returned gives it, once the stream has come to its end.
 *
 * @throws {Error} then, if the body is not as long as its server announced
 */
export function gather(stream: Readable, lengthBytes: number | undefined): () => Uint8Array {
  // Put where they belong as they come, so that a large body is in memory once and not twice.
  const reserved = lengthBytes !== undefined && lengthBytes <= defaultMaxBodyBytes ? lengthBytes : 0;
  // Not part of a pool that others see too, and not filled with zeros first: all that is handed out is overwritten.
  let whole = new Uint8Array(Buffer.allocUnsafeSlow(reserved).buffer);
  let length = 0;
  // Iterating would join chunks that have piled up, which is as much memory again.
  stream.on("data", (chunk: Uint8Array) => {
    if (length + chunk.byteLength > whole.byteLength) whole = enlarged(whole, length, length + chunk.byteLength);
    whole.set(chunk, length);
    length += chunk.byteLength;
  });
  return () => {
    if (lengthBytes !== undefined && length !== lengthBytes) {
      throw new Error(`the server announced ${lengthBytes} bytes and sent ${length}`);
    }
    return length === whole.byteLength ? whole : whole.slice(0, length);
  };
}

function enlarged(part: Uint8Array, usedBytes: number, leastBytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(leastBytes, part.byteLength * 2)).buffer);
  larger.set(part.subarray(0, usedBytes));
  return larger;
}

/** An object of the headers that its server sends with it. */
export function storedObject(body: Uint8Array, headers: IncomingHttpHeaders): StoredObject {
  const { etag, "last-modified": modified, [`x-amz-meta-${writeIdMetadata}`]: writeId } = headers;
  return {
    body,
    etag,
    writeId: writeId?.toString(),
    isEncrypted:
      headers["x-amz-server-side-encryption"] !== undefined ||
      headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined,
    modifiedAt: modified === undefined ? undefined : new Date(modified),
  };
}

/** What the headers before a body say of it. */
export function announcedBody({ "content-length": length, etag }: IncomingHttpHeaders): AnnouncedBody {
  return { lengthBytes: length === undefined ? undefined : Number(length), etag };
}

/** Lets go of a body that is larger than is wanted, and says so. */
export function refuseLarger(
  stream: Readable,
  { lengthBytes, etag }: AnnouncedBody,
  maxBytes: number,
): BodyTooLargeError | undefined {
  if (lengthBytes === undefined || lengthBytes <= maxBytes) return undefined;
  discard(stream, lengthBytes);
  return new BodyTooLargeError(lengthBytes, etag === undefined ? undefined : versionOfEtag(etag));
}

/** Lets go of a body that is not wanted: the connection survives if there is next to nothing to come. */
export function discard(stream: Readable, lengthBytes: number | undefined): void {
  stream.on("error", () => undefined);
  if (lengthBytes !== undefined && lengthBytes <= 1) stream.resume();
  else stream.destroy();
}

/**
 * Takes out of an S3 error what the server repeated of the request: next to the access key that can be a session token.
 * Both SDKs put every element of the answer's body on their error.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function removeCredentials(error: unknown): void {
  if (typeof error !== "object" || error === null) return;
  for (const name of Object.keys(error)) {
    if (/^(?:AWSAccessKeyId|StringToSign|SignatureProvided|CanonicalRequest|Token)/iu.test(name)) {
      Reflect.deleteProperty(error, name);
    }
  }
}
