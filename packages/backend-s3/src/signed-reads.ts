import { request as requestHttp } from "node:http";
import type { IncomingHttpHeaders, RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";

import { isCutOff } from "./bad-answer-error.ts";
import { announcedBody, gather, refuseLarger, storedObject } from "./object-client.ts";
import type { ObjectFailure, ReadRequest, StoredObject } from "./object-client.ts";
import { ReadSigner } from "./read-signer.ts";
import type { SigningCredentials } from "./read-signer.ts";

/** What a client is set to, beyond what its requests show. */
export interface SignedReadsSettings {
  readonly credentials: () => Promise<SigningCredentials>;
  /** What the server's clock is ahead of ours, in milliseconds. */
  readonly clockOffsetMs: () => number;
}

/**
 * Reads objects without the client: its own layers take several times as long as all that is done here. Where objects
 * are, and in which region, is learned from a request of the client that has succeeded, so that addresses, profiles and
 * endpoints remain its affair; what the server refuses other than for a missing object is forgotten, and learned anew.
 *
 * Not for clients that were handed in, which may have middleware that is to see every request.
 */
export class SignedReads {
  readonly #settings: SignedReadsSettings;
  readonly #signer = new ReadSigner();
  #place: Place | undefined;

  constructor(settings: SignedReadsSettings) {
    this.#settings = settings;
  }

  /** Takes over from a request for an object as the client has sent it, if it is one that is signed as here. */
  learn(name: string, sent: RequestOptions): void {
    const { protocol, host: address, port, agent } = sent;
    const path = sent.path ?? "";
    const headers = new Headers(sent.headers as Record<string, string>);
    const end = `/${encodedName(name)}`;
    const host = headers.get("host");
    // Not so for buckets of one zone, whose service is another, and for signatures that hold in several regions.
    const credential = /^AWS4-HMAC-SHA256 Credential=[^,]+\/\d{8}\/(?<region>[^/,]+)\/s3\/aws4_request,/u;
    const region = credential.exec(headers.get("authorization") ?? "")?.groups?.["region"];
    if (region === undefined || host === null || agent === undefined || !path.endsWith(end)) return;
    this.#place = {
      request: protocol === "https:" ? requestHttps : requestHttp,
      options: { agent, host: address, port },
      host,
      region,
      pathPrefix: path.slice(0, -end.length),
      userAgent: headers.get("user-agent") ?? undefined,
    };
  }

  /**
   * Resolves to `undefined`, and asks nothing, as long as nothing was learned.
   *
   * @throws {RefusedReadError} where there is an answer, and it is not the object
   * @throws {BodyTooLargeError}
   */
  async read(name: string, context: ReadRequest): Promise<StoredObject | undefined> {
    const place = this.#place;
    if (place === undefined) return undefined;
    const { host, region } = place;
    const path = `${place.pathPrefix}/${encodedName(name)}`;
    const at = new Date(Date.now() + this.#settings.clockOffsetMs());
    const headers = this.#signer.sign({ host, path, region }, await this.#settings.credentials(), at);
    if (place.userAgent !== undefined) headers["user-agent"] = place.userAgent;
    const answer = await ask(place.request, { ...place.options, path, headers }, context);
    if (answer.status < 300) return storedObject(answer.body(), answer.headers);
    const failure = failureOf(answer);
    if (failure.code !== "NoSuchKey") this.#place = undefined;
    throw new RefusedReadError(failure);
  }
}

interface Place {
  readonly request: typeof requestHttp;
  readonly options: RequestOptions;
  readonly host: string;
  readonly region: string;
  readonly pathPrefix: string;
  readonly userAgent: string | undefined;
}

/** The server has not sent the object. */
export class RefusedReadError extends Error {
  override readonly name = "RefusedReadError";
  readonly failure: ObjectFailure;

  constructor(failure: ObjectFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: () => Uint8Array;
  /** Not so if the connection has ended before the answer. */
  readonly isWhole: boolean;
}

async function ask(
  request: typeof requestHttp,
  options: RequestOptions,
  { signal, maxBytes = Infinity }: ReadRequest,
): Promise<Answer> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(options, (response) => {
    const { statusCode: status = 0, headers } = response;
    const announced = announcedBody(headers);
    const tooLarge = status < 300 ? refuseLarger(response, announced, maxBytes) : undefined;
    if (tooLarge !== undefined) {
      reject(tooLarge);
      return;
    }
    const body = gather(response, announced.lengthBytes);
    response.once("end", () => resolve({ status, headers, body, isWhole: true }));
    response.once("error", (error) => {
      if (status < 300) reject(error);
      else resolve({ status, headers, body, isWhole: false });
    });
  });
  const giveUp = (): void => void sent.destroy();
  // Not as an option of the request, which would watch over the stream with a dozen listeners more.
  signal.addEventListener("abort", giveUp, { once: true });
  sent.on("error", reject).end();
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function failureOf({ status, headers, body, isWhole }: Answer): ObjectFailure {
  const text = isWhole ? new TextDecoder().decode(body()) : "";
  const brokeOff = !isWhole || isCutOff(text);
  const said = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`, "u").exec(text)?.[1];
  return {
    status,
    code: brokeOff ? undefined : said("Code"),
    brokeOff,
    message: said("Message") ?? "",
    retryAfter: headers["retry-after"],
    region: said("Region") ?? headers["x-amz-bucket-region"]?.toString(),
  };
}

/** As it stands in a path: each segment percent-encoded, with what `encodeURIComponent` leaves out. */
function encodedName(name: string): string {
  return encodeURIComponent(name)
    .replaceAll("%2F", "/")
    .replaceAll(/[!'()*]/gu, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
