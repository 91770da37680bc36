import { execFile } from "node:child_process";
import { chmod, chown, copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Client } from "pg";

const execute = promisify(execFile);

/** The files of a key and of a certificate. */
export interface ServerCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** Makes a key and a certificate of 127.0.0.1, which is its own authority. */
export async function selfSigned(directory: string, name = "server"): Promise<ServerCertificate> {
  const [key, certificate] = [join(directory, `${name}-key.pem`), join(directory, `${name}.pem`)];
  const request = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=127.0.0.1";
  const names = ["-addext", "subjectAltName=IP:127.0.0.1"];
  await execute("openssl", [...request.split(" "), ...names, "-keyout", key, "-out", certificate]);
  return { key, certificate };
}

/** Has a PostgreSQL of this machine speak TLS. Its configuration is read anew, which is under way for a moment. */
export async function switchOnTls(admin: Client, { key, certificate }: ServerCertificate): Promise<void> {
  const { rows } = await admin.query<{ readonly data_directory: string }>("SHOW data_directory");
  const data = rows[0]?.data_directory ?? "";
  const { uid, gid } = await stat(data);
  for (const [from, to] of [
    [key, join(data, "server.key")],
    [certificate, join(data, "server.crt")],
  ] as const) {
    await copyFile(from, to);
    await chmod(to, 0o600);
    await chown(to, uid, gid);
  }
  await admin.query("ALTER SYSTEM SET ssl = on");
  await admin.query("SELECT pg_reload_conf()");
}
