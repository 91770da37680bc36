import { randomUUID } from "node:crypto";

import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** An operator with one account that may use JetStream, for a server that authenticates by JWT. */
export interface Operator {
  /** The part of the server's configuration that makes it trust this operator. */
  readonly configuration: string;
  /** The content of a `.creds` file for a new user of the account. */
  userCredentials(): string;
}

/**
 * Makes an operator with its own keys.
 *
 * @see https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt
 */
export function createOperator(): Operator {
  const operator = nkeys.createOperator();
  const [system, account] = [nkeys.createAccount(), nkeys.createAccount()];
  const unlimited = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true };
  const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorToken = token(operator, operator, { type: "operator" });
  const systemToken = token(operator, system, { type: "account", limits: unlimited });
  const accountToken = token(operator, account, { type: "account", limits: { ...unlimited, ...jetStream } });
  return {
    configuration: `
      operator: ${operatorToken}
      system_account: ${system.getPublicKey()}
      resolver: MEMORY
      resolver_preload: { ${system.getPublicKey()}: ${systemToken}, ${account.getPublicKey()}: ${accountToken} }`,
    userCredentials: () => {
      const user = nkeys.createUser();
      const limits = { subs: -1, data: -1, payload: -1 };
      const seed = new TextDecoder().decode(user.getSeed());
      return [
        `-----BEGIN NATS USER JWT-----\n${token(account, user, { type: "user", ...limits })}\n------END NATS USER JWT------`,
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
      ].join("\n\n");
    },
  };
}

function token(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const signed = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode({
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: "test",
    nats: { ...claims, version: 2 },
  })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
