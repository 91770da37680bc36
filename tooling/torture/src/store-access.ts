// Shorter than the defaults, so that a black hole is noticed within it now and then.
const impatience = { attemptTimeoutMs: "2000", timeoutMs: "10000" };

/** Variables with which a process sends its connections to the proxy at a port. */
export function throughProxy(port: number): Record<string, string> {
  const preload = new URL("through-proxy-main.ts", import.meta.url).href;
  return {
    HOLDPOINT_PROXY_PORT: String(port),
    NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${preload}`.trim(),
  };
}

/** Sets how long a request may take, unless the URL says so itself. */
export function withImpatience(storeUrl: string): string {
  if (!URL.canParse(storeUrl)) return storeUrl;
  const url = new URL(storeUrl);
  for (const [name, value] of Object.entries(impatience)) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  return url.href;
}
