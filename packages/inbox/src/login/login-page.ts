import { layout } from "../frame/layout.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";

/** The page where a printed token is given. */
export interface LoginView {
  /** Where to go afterwards: a path of the inbox. */
  readonly next: string;
  /** The token, where the address has it. */
  readonly token: string | undefined;
  readonly problem?: string | undefined;
  /** Whether a new token was printed just now. */
  readonly printed?: boolean | undefined;
}

export function loginPage(context: InboxContext, { next, token, problem, printed = false }: LoginView): Html {
  const { base } = context;
  const entry =
    token === undefined
      ? html`<p>Give the token that was printed where this inbox was started.</p>
          <div class="field">
            <label for="token">Token</label>
            ${problem === undefined ? nothing : html`<p class="problem" id="token-problem">${problem}</p>`}
            <input
              id="token"
              name="token"
              required
              autocomplete="off"
              spellcheck="false"
              autocapitalize="none"
              ${problem === undefined ? nothing : html`aria-invalid="true" aria-describedby="token-problem"`}
            />
          </div>`
      : html`<p>You have opened the address that was printed. It lets you in once.</p>
          <input type="hidden" name="token" value="${token}" />`;
  return layout(
    context,
    { title: "Log in" },
    html`<section class="login">
      <h1>Log in</h1>
      <form method="post" action="${base}login">
        ${entry}
        <input type="hidden" name="next" value="${next}" />
        <button class="primary">Log in</button>
      </form>
      <form method="post" action="${base}login/token" class="aside">
        <input type="hidden" name="next" value="${next}" />
        <p>
          ${printed ? html`<strong>A new token is printed.</strong>` : html`No token at hand, or used already?`}
          <button class="link">Print ${printed ? "another" : "a new one"}</button>
        </p>
      </form>
    </section>`,
  );
}
