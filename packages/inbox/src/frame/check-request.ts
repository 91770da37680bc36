import type { InboxContext } from "../inbox-context.ts";
import type { Refusal } from "../refusal.ts";

const otherSite = { why: "origin", text: "The form is another site's." } as const;

/**
 * Why a request is not one that a page of the inbox has made; `undefined` if it may be one.
 *
 * A name that is not on the list would be another's, which leads here to read with the reader's login (DNS rebinding). A
 * form of another site is refused by the origin that its browser names. Where it names none, which a page that sends no
 * referrer has it do, the form's own token decides.
 */
export function requestProblem(
  { origins }: Pick<InboxContext, "origins">,
  request: Request,
): { readonly why: Refusal["why"]; readonly text: string } | undefined {
  const known = Array.from(origins, spellings).flat();
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!known.some((origin) => origin.replace(/^https?:\/\//u, "") === host.toLowerCase())) {
    return { why: "name", text: "This inbox is not known by that name." };
  }
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== "null" && !known.includes(origin.toLowerCase())) return otherSite;
  if (request.headers.get("sec-fetch-site") === "cross-site") return otherSite;
  return undefined;
}

/** An origin without and with the port that its scheme has anyway: browsers leave it out, and proxies may name it. */
function spellings(origin: string): readonly string[] {
  const { protocol, port } = new URL(origin);
  return port === "" ? [origin, `${origin}:${protocol === "https:" ? 443 : 80}`] : [origin];
}
