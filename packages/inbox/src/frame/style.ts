import { createHash } from "node:crypto";

/** How the pages look: room, one colour, and nothing that a reviewer does not need. */
export const styleText = `:root {
  color-scheme: light dark;
  --page: #faf9f6;
  --card: #ffffff;
  --ink: #1d1c1a;
  --quiet: #65615a;
  --line: #e3dfd7;
  --edge: #8d877c;
  --accent: #14694f;
  --on-accent: #ffffff;
  --tint: #e9f2ed;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161614;
    --card: #1e1e1b;
    --ink: #ebe8e1;
    --quiet: #a5a097;
    --line: #34332f;
    --edge: #7a756b;
    --accent: #7ccfae;
    --on-accent: #0e1f18;
    --tint: #20302a;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere; }
h1, h2, p, ul, ol, dl, dd, blockquote, fieldset, legend { margin: 0; padding: 0; }
ul, ol { list-style: none; }
fieldset { border: 0; min-width: 0; }
a { color: var(--accent); text-underline-offset: 0.18em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--card); padding: 0.5rem 1rem; }
.skip:focus { top: 0.5rem; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.bar, main { width: 100%; max-width: 46rem; margin-inline: auto; padding-inline: 1.5rem; }
header { border-bottom: 1px solid var(--line); }
.bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1.5rem; min-height: 4rem; }
.mark { font-weight: 650; }
nav[aria-label="Pages"] { display: flex; gap: 1.75rem; }
nav[aria-label="Pages"] a { color: var(--quiet); text-decoration: none; padding-block: 1.2rem; margin-bottom: -1px; border-bottom: 2px solid transparent; }
nav[aria-label="Pages"] a:hover { color: var(--ink); }
nav[aria-label="Pages"] a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--accent); }
.who { display: flex; align-items: center; gap: 0.9rem; color: var(--quiet); font-size: 0.875rem; min-width: 0; }
.who .name { max-width: 16rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { padding-block: 3rem 6rem; }

h1 { font-size: 1.75rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.015em; text-wrap: balance; }
h1 .count { color: var(--quiet); font-weight: 400; margin-left: 0.3rem; font-variant-numeric: tabular-nums; }
h2 { font-size: 1.0625rem; line-height: 1.4; font-weight: 650; }
.heading { margin-bottom: 0.9rem; }
.heading + [data-live], .heading + .notice { margin-top: 1.75rem; }

button, input, select, textarea { font: inherit; color: inherit; }
button { min-height: 2.75rem; padding: 0.5rem 1.25rem; border: 1px solid var(--edge); border-radius: 0.5rem; background: var(--card); cursor: pointer; font-weight: 550; }
button:hover { border-color: var(--ink); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { filter: brightness(1.08); }
button.quiet, button.link { border: 0; background: none; min-height: 0; padding: 0.25rem 0; font-weight: 400; color: var(--quiet); }
button.quiet:hover { color: var(--ink); text-decoration: underline; }
button.link { color: var(--accent); text-decoration: underline; text-underline-offset: 0.18em; }
input:not([type="radio"], [type="checkbox"]), select, textarea {
  width: 100%; min-height: 2.75rem; padding: 0.55rem 0.8rem; border: 1px solid var(--edge); border-radius: 0.5rem; background: var(--card);
}
textarea { display: block; resize: vertical; line-height: 1.5; }
input[type="radio"], input[type="checkbox"] { width: 1.15rem; height: 1.15rem; margin: 0.2rem 0 0; flex: none; accent-color: var(--accent); }
[aria-invalid] { border-color: var(--ink) !important; border-width: 2px !important; }
::placeholder { color: var(--quiet); opacity: 1; }
.code, code { font: 0.875rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }

.narrow > summary { width: fit-content; margin-bottom: 1.25rem; color: var(--quiet); font-size: 0.9375rem; }
.filter { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; margin-bottom: 1.5rem; font-size: 0.9375rem; }
.filter .search { flex: 1 1 9rem; }
.filter label { flex: 0 1 auto; min-width: 0; }
.filter select { width: auto; max-width: 9rem; padding-inline: 0.4rem; border-color: transparent; background-color: transparent; text-overflow: ellipsis; color: var(--quiet); cursor: pointer; }
.filter select:hover, .filter select.set { color: var(--ink); }
.filter option { background: var(--card); color: var(--ink); }
.filter button { padding-inline: 1rem; }

.items { border-top: 1px solid var(--line); }
.items > li { position: relative; border-bottom: 1px solid var(--line); padding-block: 1.15rem; }
.item { color: inherit; text-decoration: none; font-size: 1.0625rem; font-weight: 550; }
.item::after { content: ""; position: absolute; inset: 0 -0.75rem; border-radius: 0.5rem; }
.items > li:hover .question { color: var(--accent); }
.item:focus-visible { outline: 0; }
.item:focus-visible::after { outline: 2px solid var(--accent); }
.question { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.facts { display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; color: var(--quiet); font-size: 0.875rem; margin-top: 0.3rem; }
.facts > * { min-width: 0; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.items .facts > * { max-width: 22rem; white-space: nowrap; }
.facts .state, .facts .soon { color: var(--ink); font-weight: 600; }
.label { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.8125rem; }
.empty { padding-block: 5rem; text-align: center; color: var(--quiet); font-size: 1.0625rem; }
.pager { display: flex; justify-content: space-between; gap: 1rem; margin-top: 1.75rem; font-size: 0.9375rem; color: var(--quiet); }

article { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2rem; }
.asked { white-space: pre-line; }
.asked.long { font-size: 1.25rem; line-height: 1.45; font-weight: 600; letter-spacing: 0; text-wrap: wrap; }
article > .facts { margin-top: -1.4rem; }
.prose > * + * { margin-top: 0.8rem; }
.prose ul, .prose ol { padding-left: 1.4rem; list-style: disc; }
.prose ol { list-style: decimal; }
.prose .heading { font-weight: 650; margin-bottom: 0; }
.prose pre { overflow-x: auto; white-space: pre-wrap; }
.prose blockquote, blockquote.said { border-left: 3px solid var(--line); padding-left: 1rem; color: var(--quiet); }
.picture { display: block; width: 100%; height: 16rem; object-fit: contain; object-position: left; margin-top: 0.4rem; }
.place { color: var(--quiet); font-size: 0.875rem; }
.content { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.25rem 1.5rem; }
.content > .hint { margin-top: 1rem; }
.tree .pair { display: grid; grid-template-columns: minmax(6rem, 11rem) minmax(0, 1fr); gap: 0.25rem 1.25rem; padding-block: 0.4rem; }
.tree .pair.nested { grid-template-columns: minmax(0, 1fr); }
.tree .nested > dd { padding-left: 1rem; border-left: 2px solid var(--line); }
.tree dt { color: var(--quiet); }
ul.tree > li { padding-block: 0.2rem; }
ul.tree > li + li:has(> .tree) { border-top: 1px solid var(--line); margin-top: 0.4rem; padding-top: 0.6rem; }
.figure { font-variant-numeric: tabular-nums; }
.none { color: var(--quiet); font-style: italic; }
.said { white-space: pre-wrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; font-size: 0.9375rem; }
th { text-align: left; font-weight: 400; color: var(--quiet); }
th, td { padding: 0.45rem 1rem 0.45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; min-width: 4rem; }
tbody tr:last-child td { border-bottom: 0; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
summary { cursor: pointer; }
summary::marker { color: var(--quiet); }
details[open] > summary { margin-bottom: 0.8rem; }

.answer { display: grid; gap: 1.4rem; }
.field > label, .field > legend { display: block; font-weight: 550; margin-bottom: 0.4rem; }
.field .optional { color: var(--quiet); font-weight: 400; font-size: 0.875rem; margin-left: 0.3rem; }
.field .hint { margin: -0.25rem 0 0.4rem; }
.hint { color: var(--quiet); font-size: 0.875rem; }
.problem { font-weight: 600; font-size: 0.9375rem; margin-bottom: 0.4rem; }
.problem::before { content: "! "; color: var(--accent); }
.options { display: grid; gap: 0.15rem; }
.option { display: flex; gap: 0.7rem; padding-block: 0.45rem; cursor: pointer; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.edit { margin-top: 1.75rem; }
.edit > summary { color: var(--accent); }
.notice, .panel { background: var(--tint); border-radius: 0.75rem; padding: 1rem 1.5rem; }
.notice.wrong { margin-bottom: 1.4rem; }
.notice ul { list-style: disc; padding-left: 1.2rem; margin-top: 0.4rem; }
main > .notice { margin-bottom: 1.5rem; }
.panel { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.6rem; padding-block: 1.25rem; }
.panel .answer { margin-top: 0.6rem; }
.vote { display: grid; gap: 0.5rem; }
.log, .id { color: var(--quiet); font-size: 0.875rem; }
.log + .id { margin-top: -1.25rem; }
.log ol { display: grid; gap: 0.3rem; }
.log li { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.log time { min-width: 12rem; font-variant-numeric: tabular-nums; }
.id { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }

.login, .message { max-width: 26rem; margin: 8vh auto 0; display: grid; gap: 1.25rem; }
.login form { display: grid; gap: 1.25rem; }
.login .aside { color: var(--quiet); font-size: 0.9375rem; }

@media (max-width: 34rem) {
  .bar, main { padding-inline: 1.1rem; }
  .who { order: -1; width: 100%; justify-content: space-between; padding-top: 0.6rem; }
  nav[aria-label="Pages"] a { padding-block: 0.7rem; }
  main { padding-block: 1.75rem 4rem; }
  h1 { font-size: 1.4375rem; }
  .filter label { flex: 1 1 8rem; }
  .filter .search { flex-basis: 100%; }
  .filter select { width: 100%; max-width: none; border-color: var(--edge); background-color: var(--card); padding-inline: 0.8rem; }
  .tree .pair { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .content { padding: 1rem 1.1rem; }
  .notice, .panel { padding-inline: 1.1rem; }
  .answer .buttons button { flex: 1 1 auto; }
}
@media (prefers-reduced-motion: no-preference) { button, .question { transition: color 120ms, border-color 120ms, filter 120ms; } }
@media (forced-colors: active) { button.primary { border-width: 2px; } }
`;

/** The address of the style sheet, which changes whenever it does. */
export const stylePath: string = `style-${createHash("sha256").update(styleText).digest("hex").slice(0, 12)}.css`;
