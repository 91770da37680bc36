import type { Configuration, IDToken, UserInfoResponse } from "openid-client";

import { InboxError } from "../inbox-error.ts";
import { isThisMachine } from "../is-this-machine.ts";
import type { Viewer } from "../viewer.ts";

/** Options of {@link openIdLogin}. */
export interface OpenIdLoginOptions {
  /** The identity provider, such as `https://login.example.com`. Plain HTTP is for this machine only. */
  readonly issuer: string;
  /** What the provider knows the inbox by; it must lead back to `<url>login/callback`. */
  readonly clientId: string;
  /** What the inbox proves itself with. @default none, for a public client */
  readonly clientSecret?: string | undefined;
  /** What is asked for. @default "openid profile" */
  readonly scope?: string | undefined;
  /** The claim that lists somebody's groups. @default "groups" */
  readonly groupsClaim?: string | undefined;
}

/** What is kept between sending somebody to the provider and their return. */
export interface LoginFlow {
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

/**
 * A login at an identity provider by OpenID Connect: the authorization code flow with PKCE. People are known by issuer
 * and subject, so questions that want several of them can be answered.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const authentication = openIdLogin({
 *   issuer: "https://login.example.com",
 *   clientId: "inbox",
 *   clientSecret: process.env["CLIENT_SECRET"],
 * });
 * ```
 */
export function openIdLogin(options: OpenIdLoginOptions): OpenIdLogin {
  return new OpenIdLogin(options);
}

/** What {@link openIdLogin} makes. */
export class OpenIdLogin {
  readonly kind = "openid";
  readonly #options: OpenIdLoginOptions;
  readonly #issuer: URL;
  #configuration: Promise<Configuration> | undefined;

  constructor(options: OpenIdLoginOptions) {
    this.#options = options;
    const issuer = URL.canParse(options.issuer) ? new URL(options.issuer) : undefined;
    const isPrivate = issuer?.protocol === "https:" || (issuer?.protocol === "http:" && isThisMachine(issuer.hostname));
    if (issuer === undefined || !isPrivate) {
      throw new InboxError("invalid-argument", "issuer: expected an address such as https://login.example.com.");
    }
    this.#issuer = issuer;
  }

  /**
   * Where to send somebody, and what to keep until they come back.
   *
   * @throws {Error} if the provider does not answer
   */
  async begin(redirectUri: string): Promise<{ readonly location: string; readonly flow: LoginFlow }> {
    const { calculatePKCECodeChallenge, buildAuthorizationUrl, ...random } = await import("openid-client");
    const flow = {
      verifier: random.randomPKCECodeVerifier(),
      state: random.randomState(),
      nonce: random.randomNonce(),
    };
    const location = buildAuthorizationUrl(await this.#discover(), {
      redirect_uri: redirectUri,
      scope: this.#options.scope ?? "openid profile",
      code_challenge: await calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: "S256",
      state: flow.state,
      nonce: flow.nonce,
    });
    return { location: location.href, flow };
  }

  /**
   * Who has come back.
   *
   * @throws {Error} if the provider does not vouch for them, or this is not the flow that was begun
   */
  async finish(callback: URL, flow: LoginFlow): Promise<Viewer> {
    const { authorizationCodeGrant, fetchUserInfo } = await import("openid-client");
    const configuration = await this.#discover();
    const tokens = await authorizationCodeGrant(configuration, callback, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error("The identity provider gave no ID token.");
    const { groupsClaim = "groups" } = this.#options;
    const hasMore = claims[groupsClaim] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined;
    const more = hasMore ? await fetchUserInfo(configuration, tokens.access_token, claims.sub) : {};
    return viewerOf({ ...more, ...claims }, groupsClaim);
  }

  async #discover(): Promise<Configuration> {
    const { discovery, allowInsecureRequests } = await import("openid-client");
    const { clientId, clientSecret } = this.#options;
    const insecure = this.#issuer.protocol === "http:" ? { execute: [allowInsecureRequests] } : {};
    this.#configuration ??= discovery(this.#issuer, clientId, clientSecret, undefined, insecure);
    try {
      return await this.#configuration;
    } catch (error) {
      // A provider that is away now may be there for the next one who logs in.
      this.#configuration = undefined;
      throw error;
    }
  }
}

function viewerOf(claims: IDToken & Partial<UserInfoResponse>, groupsClaim: string): Viewer {
  const groups = claims[groupsClaim];
  const name = [claims["name"], claims["preferred_username"], claims["email"]].find(
    (candidate) => typeof candidate === "string" && candidate !== "",
  );
  return {
    person: { issuer: claims.iss, subject: claims.sub },
    ...(typeof name === "string" ? { name } : {}),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : [],
  };
}
