import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a server shows, and how a client that does not know its authority finds that out. */
export interface ServerCertificate {
  readonly chain: string;
  readonly key: string;
}

/** Certificates for 127.0.0.1 that no public authority has signed, by what Node.js says of them. */
export function privateCertificates(directory: string): Readonly<Record<string, ServerCertificate>> {
  const path = (name: string): string => join(directory, name);
  const read = (name: string): string => readFileSync(path(name), "utf8");
  const openssl = (...command: readonly string[]): void => {
    execFileSync("openssl", command, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  };
  const newKey = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const isAuthority = ["-addext", "basicConstraints=critical,CA:TRUE"];
  const root = ["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=root", ...isAuthority];
  openssl(...root, "-keyout", "root.key", "-out", "root.pem");
  const sign = (name: string, by: string, extension: string): void => {
    openssl(
      "req",
      ...newKey,
      "-subj",
      `/CN=${name}`,
      "-addext",
      extension,
      "-keyout",
      `${name}.key`,
      "-out",
      "request",
    );
    const issuer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", "request", ...issuer, "-days", "2", "-out", `${name}.pem`);
  };
  const address = "subjectAltName=IP:127.0.0.1";
  sign("leaf", "root", address);
  sign("middle", "root", "basicConstraints=critical,CA:TRUE");
  sign("lower", "middle", address);
  const own = ["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=own", "-addext", address];
  openssl(...own, "-keyout", "own.key", "-out", "own.pem");
  return {
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: { chain: read("leaf.pem"), key: read("leaf.key") },
    SELF_SIGNED_CERT_IN_CHAIN: { chain: read("leaf.pem") + read("root.pem"), key: read("leaf.key") },
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { chain: read("lower.pem") + read("middle.pem"), key: read("lower.key") },
    DEPTH_ZERO_SELF_SIGNED_CERT: { chain: read("own.pem"), key: read("own.key") },
  };
}
