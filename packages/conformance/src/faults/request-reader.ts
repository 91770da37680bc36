/** What a request does. `any` may do both; `other` is what the proxy lets pass: greetings, pings, administration. */
export type RequestKind = "read" | "write" | "any" | "other";

/** A request, or a piece of one, as a client sent it. */
export interface ProxiedRequest {
  readonly kind: RequestKind;
  readonly bytes: Buffer;
  /**
   * Whether bytes from the server answer this request, so that it has been carried out.
   *
   * @default whatever comes next does
   */
  readonly isAnswer?: ((bytes: Buffer) => boolean) | undefined;
  /** How the server's own error comes about. Needed where the protocol has `errors`. */
  readonly answerWith?: ((error: string) => InsteadOfRequest) | undefined;
}

/** What goes to either side instead of a request. */
export interface InsteadOfRequest {
  readonly toServer?: Buffer | undefined;
  readonly toClient?: Buffer | undefined;
  /** Whether the connection ends after that; what else the client sends is then thrown away. */
  readonly ends?: boolean | undefined;
}

/** Takes what a client sends on one connection, piece by piece; returns the requests that are complete. */
export type RequestReader = (chunk: Buffer) => readonly ProxiedRequest[];

/**
 * What a fault proxy has to know of a protocol.
 *
 * @example
 * ```ts
 * // One request a line, of which those that begin with "SET" write.
 * const lineProtocol: FaultProtocol = {
 *   errors: [],
 *   createReader: () => createFrameReader((bytes) => bytes.indexOf("\n") + 1 || Infinity, (bytes) => ({
 *     kind: bytes.toString("latin1").startsWith("SET") ? "write" : "read",
 *     bytes,
 *   })),
 * };
 * ```
 */
export interface FaultProtocol {
  /** The server's own passing errors that the proxy can answer with: what follows `answer:` in the name of a fault. */
  readonly errors: readonly string[];
  readonly createReader: () => RequestReader;
}

/**
 * Puts requests together that come in pieces, or several in one piece.
 *
 * @param lengthOf how many bytes the first request has; where that is not known yet, any larger number than there are
 * @example
 * ```ts
 * // Each request begins with its length in two bytes, and its first character says whether it writes.
 * const createReader = () =>
 *   createFrameReader(
 *     (bytes) => (bytes.length < 2 ? Infinity : 2 + bytes.readUInt16BE()),
 *     (bytes) => ({ kind: bytes[2] === 0x57 ? "write" : "read", bytes }),
 *   );
 * ```
 */
export function createFrameReader(
  lengthOf: (bytes: Buffer) => number,
  describe: (bytes: Buffer) => ProxiedRequest,
): RequestReader {
  let pieces: Buffer[] = [];
  let havingBytes = 0;
  let neededBytes = 1;
  return (chunk) => {
    pieces.push(chunk);
    havingBytes += chunk.length;
    const requests: ProxiedRequest[] = [];
    // Put together only when there may be enough, so that a large request is not copied for each of its pieces.
    while (havingBytes >= neededBytes && havingBytes > 0) {
      const bytes = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
      const length = lengthOf(bytes);
      pieces = [bytes];
      if (length > bytes.length) {
        neededBytes = Number.isFinite(length) ? length : bytes.length + 1;
        break;
      }
      requests.push(describe(bytes.subarray(0, length)));
      pieces = [bytes.subarray(length)];
      havingBytes = bytes.length - length;
      neededBytes = 1;
    }
    return requests;
  };
}
