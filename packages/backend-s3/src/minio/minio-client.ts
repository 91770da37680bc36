import type { Client } from "minio";

import { BadAnswerError } from "../bad-answer-error.ts";
import {
  announcedBody,
  discard,
  readWhole,
  removeCredentials,
  storedObject,
  writeIdMetadata,
} from "../object-client.ts";
import type {
  ListRequest,
  LifecycleRule,
  ObjectClient,
  ObjectFailure,
  ObjectPage,
  ReadRequest,
  StoredObject,
  WriteHeaders,
} from "../object-client.ts";
import type { SigningCredentials } from "../read-signer.ts";
import { RefusedReadError, SignedReads } from "../signed-reads.ts";
import { duringExchange, observeClient } from "./minio-exchange.ts";
import type { MinioExchange } from "./minio-exchange.ts";

/** The `minio` client as the driver uses it. */
export class MinioObjectClient implements ObjectClient {
  // MinIO ignores If-Match on DELETE, and the client cannot send it.
  readonly canRemoveConditionally = false;
  readonly host: string | undefined;
  readonly #client: Client;
  readonly #bucket: string;
  readonly #close: () => void;
  readonly #reads: SignedReads | undefined;
  readonly #exchanges = new WeakMap<object, MinioExchange>();

  /** With credentials, if objects may be read without the client. */
  constructor(client: Client, bucket: string, close: () => void, credentials?: SigningCredentials) {
    this.#client = observeClient(client);
    this.host = String(Reflect.get(client, "host"));
    this.#bucket = bucket;
    this.#close = close;
    if (credentials !== undefined) {
      this.#reads = new SignedReads({ credentials: async () => credentials, clockOffsetMs: () => 0 });
    }
  }

  async read(name: string, context: ReadRequest): Promise<StoredObject> {
    const object = await this.#reads?.read(name, context);
    if (object !== undefined) return object;
    return await this.#once(context.signal, async (exchange) => {
      const stream = await this.#client.getObject(this.#bucket, name);
      const headers = exchange.headers ?? {};
      const body = await readWhole(stream, announcedBody(headers), context);
      if (exchange.sent !== undefined) this.#reads?.learn(name, exchange.sent);
      return storedObject(body, headers);
    });
  }

  async find(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#once(signal, async (exchange) => {
        const body = await this.#client.getPartialObject(this.#bucket, name, 0, 1);
        discard(body, announcedBody(exchange.headers ?? {}).lengthBytes);
      });
    } catch (error) {
      // An empty object has no first byte.
      if (this.explain(error).code !== "InvalidRange") throw error;
    }
  }

  async write(name: string, body: Uint8Array, headers: WriteHeaders, signal: AbortSignal): Promise<string | undefined> {
    const { writeId, ifMatch, ifNoneMatch } = headers;
    const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return await this.#once(signal, async (exchange) => {
      await this.#client.putObject(this.#bucket, name, buffer, buffer.length, {
        [`x-amz-meta-${writeIdMetadata}`]: writeId,
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
        ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
      });
      return exchange.headers?.etag;
    });
  }

  async remove(name: string, _ifMatch: undefined, signal: AbortSignal): Promise<void> {
    await this.#once(signal, () => this.#client.removeObject(this.#bucket, name));
  }

  async listPage({ prefix, cursor, grouped }: ListRequest, signal: AbortSignal): Promise<ObjectPage> {
    // Version 1 of the listing, because the client reads the names in version 2 as numbers where they look like one:
    // "1e3" becomes "1000". https://github.com/minio/minio-js/blob/master/src/internal/xml-parser.ts
    const { objects, isTruncated = false } = await this.#once(signal, async (exchange) => {
      const options = { Delimiter: grouped ? "/" : "", MaxKeys: 1000, IncludeVersion: false };
      const page = await this.#client.listObjectsQuery(this.#bucket, prefix, cursor, options);
      // The client reads any page of HTML with status 200 as an empty listing.
      if (exchange.headers?.["content-type"]?.includes("xml") === true) return page;
      throw new BadAnswerError("the answer is not a listing");
    });
    const groups = objects.flatMap(({ prefix: group }) => group ?? []);
    const rows = objects.flatMap(({ name, prefix: group, size, lastModified, etag }) => {
      if (group !== undefined) return [];
      // The client reads the name "false" as a boolean and leaves it out; no other name is empty.
      const isFalse = name === undefined || name === "";
      return [{ name: isFalse ? "false" : name, sizeBytes: size, modifiedAt: lastModified, etag }];
    });
    // Not the client's own marker, which is percent-encoded once too often.
    const last = lastInOrder([rows.at(-1)?.name, groups.at(-1)]);
    if (isTruncated && last === undefined) throw new BadAnswerError("the listing is cut short and cannot be continued");
    return { objects: rows, groups, nextCursor: isTruncated ? last : undefined };
  }

  async lifecycleRules(signal: AbortSignal): Promise<readonly LifecycleRule[]> {
    const config = await this.#once(signal, () => this.#client.getBucketLifecycle(this.#bucket));
    // Of a single rule the client makes no list, whatever its type says.
    return [config?.Rule ?? []].flat();
  }

  async versioning(signal: AbortSignal): Promise<string | undefined> {
    // For a bucket that never had versions the client gives an empty string, whatever its type says.
    const config = (await this.#once(signal, () => this.#client.getBucketVersioning(this.#bucket))) as
      | { readonly Status?: string }
      | "";
    return config === "" ? undefined : config.Status;
  }

  async close(): Promise<void> {
    this.#close();
  }

  explain(error: unknown): ObjectFailure {
    if (error instanceof RefusedReadError) return error.failure;
    const exchange = typeof error === "object" && error !== null ? this.#exchanges.get(error) : undefined;
    const { code, Code, name, message, region, cause } = (
      typeof error === "object" && error !== null ? error : { message: String(error) }
    ) as Readonly<Record<"code" | "Code" | "name" | "message" | "region" | "cause", unknown>>;
    const headers = exchange?.headers ?? {};
    // With any other status the request succeeded, and it was the body that could not be read.
    const refusedWith = exchange?.status !== undefined && exchange.status >= 300 ? exchange.status : undefined;
    const brokeOff = exchange?.brokeOff === true;
    const writtenCode = /<Code>([\w.]+)<\/Code>/u.exec(exchange?.errorBody ?? "")?.[1];
    // For an answer without a code the client makes one up, and gives its error a cause.
    const sentCode = refusedWith !== undefined && cause === undefined ? (code ?? Code) : undefined;
    return {
      status: refusedWith,
      code: brokeOff ? undefined : (writtenCode ?? (typeof sentCode === "string" ? sentCode : undefined)),
      brokeOff,
      cause: error,
      unsent: exchange?.status === undefined ? unsentReason(name, message) : undefined,
      message: typeof message === "string" ? message : "",
      retryAfter: headers["retry-after"],
      region: typeof region === "string" ? region : headers["x-amz-bucket-region"]?.toString(),
    };
  }

  async #once<Result>(signal: AbortSignal, work: (exchange: MinioExchange) => Promise<Result>): Promise<Result> {
    const exchange: MinioExchange = { signal };
    try {
      const result = await duringExchange(exchange, () => work(exchange));
      if (exchange.status === undefined) throw new Error("the minio client did not use its transport");
      return result;
    } catch (error) {
      removeCredentials(error);
      if (typeof error === "object" && error !== null) this.#exchanges.set(error, exchange);
      throw error;
    }
  }
}

function unsentReason(name: unknown, message: unknown): ObjectFailure["unsent"] {
  if (typeof message === "string" && message.startsWith("Unable to get credentials")) return "credentials";
  return typeof name === "string" && /^Invalid|^TypeError$/u.test(name) ? "configuration" : undefined;
}

/** The later one in the order of listings, which is that of bytes. */
function lastInOrder(names: readonly (string | undefined)[]): string | undefined {
  return names
    .filter((name) => name !== undefined)
    .toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .at(-1);
}
