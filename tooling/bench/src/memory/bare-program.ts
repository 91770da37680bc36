/**
 * The least that keeps a message as x-pause does: Node's HTTP server on the socket that it is given, JSON in and out,
 * and ioredis with a create that replaces nothing. JavaScript, so that nothing of it is compiled in the process that is
 * measured.
 */
export const bareProgram = `
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Redis } from "ioredis";

const redis = new Redis(process.env.REDIS_ADDRESS);
const answer = async (request, response) => {
  const message = JSON.parse(await text(request));
  const document = { ...message, _pause_metadata: { prompt: "Task paused", fields: [] } };
  const written = await redis.set("bare:" + message.id, JSON.stringify(document), "NX");
  if (written === null) throw new Error("it exists");
  const { prev, curr, next } = message.route;
  const route = { prev: [...prev, curr], curr: next[0] ?? "", next: next.slice(1) };
  const body = Buffer.from(JSON.stringify({ frames: [{ payload: message.payload, route, headers: message.headers }] }));
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": body.byteLength,
    connection: "close",
  });
  response.end(body);
};
createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
}).listen(process.env.SOCKET_PATH);
`;
