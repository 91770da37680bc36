// Preloaded into an actor's process: its connections go to the proxy on HOLDPOINT_PROXY_PORT, and begin with a line that
// says where they were to go. Unlike another address in the store's URL, this also catches the members of a cluster,
// which tell clients their own addresses.
import { Socket } from "node:net";
import type { TcpSocketConnectOpts } from "node:net";
import { TLSSocket } from "node:tls";

const proxyPort = Number(process.env["HOLDPOINT_PROXY_PORT"]);
const connectDirectly = Reflect.get(Socket.prototype, "connect") as (...values: readonly unknown[]) => Socket;

Reflect.set(Socket.prototype, "connect", function connect(this: Socket, ...values: readonly unknown[]): Socket {
  // What net.connect() hands on is a list of its arguments.
  const [first, second, third] = Array.isArray(values[0]) ? (values[0] as readonly unknown[]) : values;
  const options = typeof first === "object" && first !== null ? (first as Partial<TcpSocketConnectOpts>) : undefined;
  const host = options === undefined ? second : options.host;
  const port = Number(options === undefined ? first : options.port);
  // TLS writes by itself as soon as it is connected.
  if (!(port > 0) || this instanceof TLSSocket) return connectDirectly.call(this, ...values);
  const onConnect = [first, second, third].find((value) => typeof value === "function");
  const { lookup: _lookup, family: _family, localAddress: _localAddress, ...rest } = options ?? {};
  connectDirectly.call(this, { ...rest, host: "127.0.0.1", port: proxyPort }, onConnect);
  this.write(`${typeof host === "string" ? host : "127.0.0.1"}:${port}\n`);
  return this;
});
