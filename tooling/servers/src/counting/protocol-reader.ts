/**
 * What a parser asks for: the next line without its CRLF, or that many bytes, of which it sees the first 4096; with
 * `bytes`, each byte is one character, so that numbers can be read.
 */
type Wanted = "line" | number | { readonly bytes: number };

/** Reads one direction of one connection: yields what it wants next and is handed that as text. */
export type ProtocolParser = Generator<Wanted, never, string>;

const keptBytes = 4_096;
const longestLineBytes = 1024 * 1024;
const lineFeed = 0x0a;

/**
 * Feeds a parser with the bytes of a stream as they come, however they are cut, without keeping bodies.
 *
 * @example
 * ```ts
 * const push = createProtocolReader(httpRequests((request) => console.log(request)));
 * socket.on("data", push);
 * ```
 */
export function createProtocolReader(parser: ProtocolParser): (chunk: Buffer) => void {
  let wanted = parser.next("").value;
  let kept: Buffer[] = [];
  let keptLength = 0;
  let missing = lengthOf(wanted);

  const handOver = (text: string): void => {
    kept = [];
    keptLength = 0;
    wanted = parser.next(text).value;
    missing = lengthOf(wanted);
  };
  const keep = (bytes: Buffer, limit: number): void => {
    // A copy, because the stream may use its memory again.
    const copy = Buffer.from(bytes.subarray(0, Math.max(0, limit - keptLength)));
    if (copy.length > 0) kept.push(copy);
    keptLength += copy.length;
  };

  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (wanted === "line") {
        const end = rest.indexOf(lineFeed);
        keep(end < 0 ? rest : rest.subarray(0, end), longestLineBytes);
        if (keptLength === longestLineBytes) throw new Error(`a line of more than ${longestLineBytes} bytes`);
        rest = end < 0 ? rest.subarray(rest.length) : rest.subarray(end + 1);
        if (end >= 0) handOver(Buffer.concat(kept).toString().replace(/\r$/, ""));
      } else {
        const bytes = rest.subarray(0, missing);
        keep(bytes, keptBytes);
        missing -= bytes.length;
        rest = rest.subarray(bytes.length);
        if (missing === 0) handOver(Buffer.concat(kept).toString(typeof wanted === "number" ? "utf8" : "latin1"));
      }
    }
  };
}

function lengthOf(wanted: Wanted): number {
  if (wanted === "line") return 0;
  return typeof wanted === "number" ? wanted : wanted.bytes;
}
