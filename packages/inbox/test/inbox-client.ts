import type { OpenInbox } from "./open-inbox.ts";

/** Somebody who is logged in and sends requests by hand, as no browser would. */
export interface InboxClient {
  readonly cookie: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(
    path: string,
    form: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** The token of the form that posts to a path, on the page at a path. */
  formToken(path: string, action?: string): Promise<string>;
}

/** Logs in by a printed token. */
export async function logIn(inbox: OpenInbox): Promise<InboxClient> {
  const token = new URL(inbox.loginUrl()).searchParams.get("token") ?? "";
  const response = await fetch(inbox.at("login"), {
    method: "POST",
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const get: InboxClient["get"] = async (path, headers = {}) =>
    await fetch(inbox.at(path), { headers: { cookie, ...headers }, redirect: "manual" });
  return {
    cookie,
    get,
    post: async (path, form, headers = {}) =>
      await fetch(inbox.at(path), {
        method: "POST",
        body: new URLSearchParams(form),
        headers: { cookie, ...headers },
        redirect: "manual",
      }),
    formToken: async (path, action = path) => {
      const text = await (await get(path)).text();
      const forms = text.split("<form").slice(1);
      const form = forms.find((part) => part.includes(`action="/${action}"`));
      return /name="token" value="([^"]+)"/u.exec(form ?? "")?.[1] ?? "";
    },
  };
}
