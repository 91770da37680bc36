import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** One request that was posted. */
export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a request is answered. */
interface PostAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
}

/** A server of HTTP that keeps what is posted to it. */
export interface PostServer extends AsyncDisposable {
  readonly url: string;
  readonly posted: readonly Posted[];
  /** How it answers from now on; `undefined` leaves a request without an answer. */
  answer: (posted: Posted) => PostAnswer | undefined | Promise<PostAnswer | undefined>;
}

/** Starts one at a free port of this machine. */
export async function startPostServer(): Promise<PostServer> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const one = { path: request.url ?? "", headers: request.headers, body: await text(request) };
      posted.push(one);
      const answer = await started.answer(one);
      if (answer !== undefined) response.writeHead(answer.status, answer.headers).end("ok");
    };
    void take();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const started: PostServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    answer: () => ({ status: 200 }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return started;
}
