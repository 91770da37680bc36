import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** For how long a form may stand open. */
const lifetimeMs = 12 * 3_600_000;

const expiryBytes = 8;
const nonceBytes = 16;
const signatureBytes = 32;

/**
 * What a form's token is worth. `used`: it was sent before; `expired`: it stood open for too long; `invalid`: it was
 * made for somebody else, for something else, or by somebody else.
 */
export type TokenVerdict = "valid" | "used" | "expired" | "invalid";

/** Tokens that let one person send one form once. */
export class FormTokens {
  readonly #key: Uint8Array;
  readonly #now: () => Date;
  /** The tokens that were sent, and until when they would have been good. */
  readonly #used = new Map<string, number>();

  constructor(key: Uint8Array, now: () => Date) {
    this.#key = key;
    this.#now = now;
  }

  /** @param purpose who may send what */
  issue(purpose: string): string {
    const head = Buffer.alloc(expiryBytes + nonceBytes);
    head.writeBigUInt64BE(BigInt(this.#now().getTime() + lifetimeMs));
    randomBytes(nonceBytes).copy(head, expiryBytes);
    return Buffer.concat([head, this.#sign(head, purpose)]).toString("base64url");
  }

  /** A token is good for one time, whatever becomes of the form. */
  redeem(token: string, purpose: string): TokenVerdict {
    const bytes = Buffer.from(token, "base64url");
    if (bytes.byteLength !== expiryBytes + nonceBytes + signatureBytes) return "invalid";
    const head = bytes.subarray(0, expiryBytes + nonceBytes);
    if (!timingSafeEqual(bytes.subarray(head.byteLength), this.#sign(head, purpose))) return "invalid";
    const now = this.#now().getTime();
    const until = Number(head.readBigUInt64BE());
    if (until <= now) return "expired";
    const nonce = head.toString("base64url");
    if (this.#used.has(nonce)) return "used";
    for (const [other, end] of this.#used) {
      // They were sent in about the order in which they end.
      if (end > now) break;
      this.#used.delete(other);
    }
    this.#used.set(nonce, until);
    return "valid";
  }

  #sign(head: Uint8Array, purpose: string): Buffer {
    return createHmac("sha256", this.#key).update(head).update(purpose).digest();
  }
}
