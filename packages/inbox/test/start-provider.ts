import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

/** A real identity provider on this machine. Whatever name is given at it logs in. */
export interface StartedProvider extends AsyncDisposable {
  readonly issuer: string;
  /** What was asked of it, as `METHOD path`. */
  readonly requests: readonly string[];
}

/** Its one client. */
export const client = { clientId: "inbox", clientSecret: "a client's secret" } as const;

/**
 * Starts an identity provider.
 *
 * @param groups the groups of each person that has some
 * @param where whether they stand in the ID token, or are to be asked for
 */
export async function startProvider(
  redirectUri: string,
  groups: Readonly<Record<string, readonly string[]>> = {},
  where: "token" | "userinfo" = "token",
): Promise<StartedProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.clientId, client_secret: client.clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    conformIdTokenClaims: where === "userinfo",
    pkce: { required: () => true },
    cookies: { keys: ["a key of the provider"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} of the tests`, groups: [...(groups[id] ?? [])] }),
    }),
  });
  const requests: string[] = [];
  const handle = provider.callback();
  server.on("request", (incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url?.split("?")[0]}`);
    void handle(incoming, outgoing);
  });
  return {
    issuer,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
