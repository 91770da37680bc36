import { InboxError } from "../inbox-error.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** The hosts whose images pages may show. */
export type ImageHosts = ReadonlySet<string>;

/** As long as nobody allows any. */
export const noImageHosts: ImageHosts = new Set();

/** @throws {InboxError} `invalid-argument` */
export function readImageHosts(hosts: readonly string[]): ImageHosts {
  for (const [index, host] of hosts.entries()) {
    // It goes into the policy of every page, where other words would mean more.
    if (/^[\w.:-]+$/u.test(host) && URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).host === host)
      continue;
    throw new InboxError("invalid-argument", `imageHosts[${index}]: expected a host, such as images.example.com.`);
  }
  return new Set(hosts);
}

/** Whether an address may be loaded as an image: by HTTPS, from a host that is allowed. */
export function mayShowImage(address: string, hosts: ImageHosts): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === "https:" && url.username === "" && url.password === "" && hosts.has(url.host);
}

/** An image in a box that is there before it is. Its host is not told which page it stands on. */
export function imageTag(address: string, alt: string): Html {
  return html`<img class="picture" src="${address}" alt="${alt}" loading="lazy" referrerpolicy="no-referrer" />`;
}
