import type { Viewer } from "../viewer.ts";

/** What is known of a request while it is answered. */
export interface Frame {
  Variables: {
    viewer: Viewer;
    /** The address that it was sent from, where the server says. */
    peer: string | undefined;
  };
  Bindings: { readonly peer?: string | undefined };
}
