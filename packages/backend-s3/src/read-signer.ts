import { createHash, createHmac, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What a request is signed with. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A `GET` without a query. */
export interface UnsignedRead {
  /** With the port, where the header `Host` has it. */
  readonly host: string;
  /** Percent-encoded, as it is sent. */
  readonly path: string;
  readonly region: string;
}

/**
 * Signs `GET` requests with Amazon's signature version 4. The key is derived once a day and not for each request, which
 * is four of five HMACs.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export class ReadSigner {
  #kept: { readonly scope: string; readonly secret: string; readonly key: KeyObject } | undefined;

  /** The headers to send, all of which are signed. */
  sign({ host, path, region }: UnsignedRead, credentials: SigningCredentials, at: Date): Record<string, string> {
    const time = at.toISOString().replaceAll(/[:-]|\.\d{3}/gu, "");
    const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
    const headers: Record<string, string> = { host, "x-amz-content-sha256": emptyDigest, "x-amz-date": time };
    if (credentials.sessionToken !== undefined) headers["x-amz-security-token"] = credentials.sessionToken;
    // They were put there in the order of their names, as they have to be signed.
    const signed = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const canonical = `GET\n${path}\n\n${lines.join("")}\n${signed}\n${emptyDigest}`;
    const signature = createHmac("sha256", this.#key(scope, credentials.secretAccessKey))
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digestOf(canonical)}`)
      .digest("hex");
    headers["authorization"] =
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    return headers;
  }

  #key(scope: string, secret: string): KeyObject {
    if (this.#kept?.scope !== scope || this.#kept.secret !== secret) {
      const key = scope
        .split("/")
        .reduce((above: string | Buffer, part) => createHmac("sha256", above).update(part).digest(), `AWS4${secret}`);
      this.#kept = { scope, secret, key: createSecretKey(key as Buffer) };
    }
    return this.#kept.key;
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const emptyDigest = digestOf("");
