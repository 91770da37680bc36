import type { Agent } from "node:http";
import type { Readable } from "node:stream";

import { isError } from "@holdpoint/core/driver";

import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { S3Client, S3ServiceException, ServerSideEncryption } from "@aws-sdk/client-s3";

import { connectionFailure } from "@holdpoint/core/driver";

import { BadAnswerError, isCutOff } from "./bad-answer-error.ts";
import { RefusedReadError, SignedReads } from "./signed-reads.ts";
import { discard, readWhole, removeCredentials, writeIdMetadata } from "./object-client.ts";
import type {
  LifecycleRule,
  ObjectClient,
  ObjectFailure,
  ListRequest,
  ObjectPage,
  ReadRequest,
  StoredObject,
  WriteHeaders,
} from "./object-client.ts";

/** What goes with every request. */
export interface S3ObjectClientSettings {
  readonly bucket: string;
  readonly serverSideEncryption: ServerSideEncryption | undefined;
  readonly kmsKeyId: string | undefined;
  /** Whether `close` destroys the client. */
  readonly owned: boolean;
}

/** The AWS SDK as the driver uses it. */
export class S3ObjectClient implements ObjectClient {
  readonly canRemoveConditionally = true;
  readonly #client: S3Client;
  readonly #settings: S3ObjectClientSettings;
  readonly #reads: SignedReads | undefined;
  readonly #answers = new WeakMap<object, Readonly<Record<string, string>>>();
  #host: string | undefined;

  constructor(client: S3Client, settings: S3ObjectClientSettings) {
    this.#client = client;
    this.#settings = settings;
    // A client that was handed in may have middleware that is to see every request.
    if (settings.owned) {
      const { config } = client;
      this.#reads = new SignedReads({
        credentials: () => config.credentials(),
        clockOffsetMs: () => config.systemClockOffset,
      });
    }
  }

  get host(): string | undefined {
    return this.#host;
  }

  async read(name: string, context: ReadRequest): Promise<StoredObject> {
    const object = await this.#reads?.read(name, context);
    if (object !== undefined) return object;
    const command = new GetObjectCommand({ Bucket: this.#settings.bucket, Key: name });
    let sent: SentRequest | undefined;
    // The last step, behind which nothing is added to a request: it is signed by then.
    command.middlewareStack.add(
      (next) => async (args) => {
        sent = args.request as SentRequest;
        return await next(args);
      },
      { step: "deserialize", priority: "low", name: "holdpointSent" },
    );
    const output = await this.#once(command, () => this.#client.send(command, { abortSignal: context.signal }));
    if (output.Body === undefined) throw new BadAnswerError("the answer has no body");
    const announced = { lengthBytes: output.ContentLength, etag: output.ETag };
    const body = await readWhole(output.Body as Readable, announced, context);
    if (sent !== undefined) this.#reads?.learn(name, { ...sent, host: sent.hostname, agent: this.#agentOf(sent) });
    return {
      body,
      etag: output.ETag,
      writeId: output.Metadata?.[writeIdMetadata],
      isEncrypted: output.ServerSideEncryption !== undefined || output.SSECustomerAlgorithm !== undefined,
      modifiedAt: output.LastModified,
    };
  }

  async find(name: string, signal: AbortSignal): Promise<void> {
    const command = new GetObjectCommand({ Bucket: this.#settings.bucket, Key: name, Range: "bytes=0-0" });
    try {
      const output = await this.#once(command, () => this.#client.send(command, { abortSignal: signal }));
      if (output.Body !== undefined) discard(output.Body as Readable, output.ContentLength);
    } catch (error) {
      // An empty object has no first byte.
      if (this.explain(error).code !== "InvalidRange") throw error;
    }
  }

  async write(name: string, body: Uint8Array, headers: WriteHeaders, signal: AbortSignal): Promise<string | undefined> {
    const command = new PutObjectCommand({
      Bucket: this.#settings.bucket,
      Key: name,
      Body: body,
      // Without a length the SDK warns on the console about an empty body.
      ContentLength: body.byteLength,
      Metadata: { [writeIdMetadata]: headers.writeId },
      IfMatch: headers.ifMatch,
      IfNoneMatch: headers.ifNoneMatch,
      ServerSideEncryption: this.#settings.serverSideEncryption,
      SSEKMSKeyId: this.#settings.kmsKeyId,
    });
    const output = await this.#once(command, () => this.#client.send(command, { abortSignal: signal }));
    return output.ETag;
  }

  async remove(name: string, ifMatch: string | undefined, signal: AbortSignal): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#settings.bucket, Key: name, IfMatch: ifMatch });
    await this.#once(command, () => this.#client.send(command, { abortSignal: signal }));
  }

  async listPage({ prefix, cursor, grouped }: ListRequest, signal: AbortSignal): Promise<ObjectPage> {
    const command = new ListObjectsV2Command({
      Bucket: this.#settings.bucket,
      Prefix: prefix,
      ContinuationToken: cursor,
      Delimiter: grouped ? "/" : undefined,
      // Else one object of somebody else's with a control character in its name makes the page unreadable as XML.
      EncodingType: "url",
    });
    const page = await this.#once(command, () => this.#client.send(command, { abortSignal: signal }));
    // The SDK reads any page of HTML with status 200 as an empty listing.
    if (page.IsTruncated === undefined) throw new BadAnswerError("the answer is not a listing");
    if (page.IsTruncated && page.NextContinuationToken === undefined) {
      throw new BadAnswerError("the listing is cut short and cannot be continued");
    }
    const encoded = page.EncodingType === "url";
    return {
      objects: (page.Contents ?? []).map(({ Key = "", Size, LastModified, ETag }) => ({
        name: encoded ? decodeName(Key) : Key,
        sizeBytes: Size,
        modifiedAt: LastModified,
        etag: ETag,
      })),
      groups: (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => (encoded ? decodeName(Prefix) : Prefix)),
      nextCursor: page.IsTruncated ? page.NextContinuationToken : undefined,
    };
  }

  async lifecycleRules(signal: AbortSignal): Promise<readonly LifecycleRule[]> {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: this.#settings.bucket });
    const output = await this.#once(command, () => this.#client.send(command, { abortSignal: signal }));
    return output.Rules ?? [];
  }

  async versioning(signal: AbortSignal): Promise<string | undefined> {
    const command = new GetBucketVersioningCommand({ Bucket: this.#settings.bucket });
    const output = await this.#once(command, () => this.#client.send(command, { abortSignal: signal }));
    return output.Status;
  }

  async close(): Promise<void> {
    if (this.#settings.owned) this.#client.destroy();
  }

  explain(error: unknown): ObjectFailure {
    if (error instanceof RefusedReadError) return error.failure;
    const { $metadata, Code, code, name, message } = (
      typeof error === "object" && error !== null ? error : { message: String(error) }
    ) as Partial<S3ServiceException> & { readonly Code?: unknown; readonly code?: unknown };
    const headers = typeof error === "object" && error !== null ? this.#answers.get(error) : undefined;
    return {
      status: $metadata?.httpStatusCode,
      // Not `name`, which the SDK makes up where the answer has no code.
      code: typeof Code === "string" ? Code : undefined,
      brokeOff: Code === undefined && $metadata?.httpStatusCode !== undefined && brokeOff(error),
      cause: error,
      unsent: unsentReason(name, message, $metadata?.httpStatusCode ?? code),
      message: message ?? "",
      retryAfter: headers?.["retry-after"],
      region: headers?.["x-amz-bucket-region"],
    };
  }

  /** What the SDK has sent a request through, if its HTTP handler is the one that it brings. */
  #agentOf({ protocol }: SentRequest): Agent | undefined {
    const { requestHandler } = this.#client.config as { readonly requestHandler: NodeHandler };
    const { httpAgent, httpsAgent } = requestHandler.httpHandlerConfigs?.() ?? {};
    return protocol === "https:" ? httpsAgent : httpAgent;
  }

  /**
   * Sees to it that a command is sent once, whatever the retry strategy of a client that was handed in, and notes where
   * it goes: the SDK may take its endpoint from the environment or a configuration file.
   */
  async #once<Output>(command: { readonly middlewareStack: object }, send: () => Promise<Output>): Promise<Output> {
    const stack = command.middlewareStack as RequestMiddlewareStack;
    stack.addRelativeTo(
      (next) => async (args) => {
        this.#host = args.request.hostname;
        try {
          return await next(args);
        } catch (error) {
          throw new NotAgainError(error);
        }
      },
      { name: "holdpointOnce", relation: "after", toMiddleware: "retryMiddleware" },
    );
    try {
      return await send();
    } catch (error) {
      const original = error instanceof NotAgainError ? error.original : error;
      if (isError(original)) {
        const response = (original as Partial<S3ServiceException>).$response;
        this.#answers.set(original, response?.headers ?? {});
        // It leads to the headers of the request, and is on the error for good.
        if (response !== undefined) response.body = undefined;
      }
      removeCredentials(original);
      throw original;
    }
  }
}

/** The part of a command's `MiddlewareStack` that is used here; its own type differs from command to command. */
interface RequestMiddlewareStack {
  addRelativeTo(
    middleware: (next: RequestHandler) => RequestHandler,
    options: { readonly name: string; readonly relation: "after"; readonly toMiddleware: string },
  ): void;
}

/** A request as the SDK hands it to its HTTP handler. */
interface SentRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The part of `NodeHttpHandler` that is used here. */
interface NodeHandler {
  httpHandlerConfigs?(): { readonly httpAgent?: Agent | undefined; readonly httpsAgent?: Agent | undefined };
}

type RequestHandler = (args: { readonly request: { readonly hostname: string } }) => Promise<unknown>;

/** An error that no retry strategy recognises as one to try again after. */
class NotAgainError extends Error {
  override readonly name = "NotAgainError";
  readonly original: unknown;

  constructor(original: unknown) {
    super("not to be tried again");
    this.original = original;
  }
}

/** Whether the answer that the SDK could not make sense of came only in part. */
function brokeOff(error: unknown): boolean {
  const { $responseBodyText: text } = error as { readonly $responseBodyText?: unknown };
  return connectionFailure(error)?.retryable === true || (typeof text === "string" && isCutOff(text));
}

function unsentReason(name: string | undefined, message: string | undefined, answer: unknown): ObjectFailure["unsent"] {
  // Also with an answer, which then is that of a service that gives out credentials.
  if (name === "CredentialsProviderError" || name === "TokenProviderError") return "credentials";
  if (answer !== undefined) return undefined;
  if (name === "TypeError" || name === "EndpointError" || /^Region is missing|^Invalid/u.test(message ?? "")) {
    return "configuration";
  }
  return undefined;
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: spaces come as "+".
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
