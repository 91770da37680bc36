import type { ProtocolParser } from "./protocol-reader.ts";

/** Reads what an HTTP/1.1 client sends; reports each request as its method and target when its first line has come. */
export function* httpRequests(report: (request: string) => void): ProtocolParser {
  for (;;) {
    const requestLine = yield "line";
    // https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6: an empty line before a request is to be ignored.
    if (requestLine === "") continue;
    const request = /^([A-Z]+ \S+) HTTP\/1\.[01]$/.exec(requestLine)?.[1];
    if (request === undefined) throw new Error(`${JSON.stringify(requestLine.slice(0, 80))} is no HTTP/1 request line`);
    report(request);
    let bodyBytes = 0;
    let chunked = false;
    for (let header = yield "line"; header !== ""; header = yield "line") {
      const [name = "", value = ""] = header.split(/:\s*/, 2);
      if (/^content-length$/i.test(name)) bodyBytes = Number(value);
      if (/^transfer-encoding$/i.test(name)) chunked = /\bchunked\b/i.test(value);
    }
    if (!chunked) {
      if (bodyBytes > 0) yield bodyBytes;
      continue;
    }
    for (;;) {
      const chunkBytes = Number.parseInt(yield "line", 16);
      if (chunkBytes === 0) break;
      yield chunkBytes + "\r\n".length;
    }
    let trailer: string;
    do trailer = yield "line";
    while (trailer !== "");
  }
}
