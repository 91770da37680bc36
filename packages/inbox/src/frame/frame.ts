import type { Viewer } from "../viewer.ts";

/** What a server knows of a request besides. */
export interface RequestConnection {
  /** The address that it was sent from. */
  readonly peer?: string | undefined;
  /** The names of headers that came more than once, in lower case: a web-standard request does not tell. */
  readonly repeatedHeaders?: ReadonlySet<string> | undefined;
}

/** What is known of a request while it is answered. */
export interface Frame {
  Variables: {
    viewer: Viewer;
    /** The address that it was sent from, where the server says. */
    peer: string | undefined;
    /** The names of headers that came more than once, where the server says. */
    repeatedHeaders: ReadonlySet<string> | undefined;
  };
  Bindings: RequestConnection;
}
