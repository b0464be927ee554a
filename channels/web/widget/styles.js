/** How the chat looks. Sizes are in em, from a base that grows with the visitor's own setting. */

const dark = `
  --surface: var(--frontdesk-surface, #16191a);
  --text: var(--frontdesk-text, #eceeed);
  --soft: #232828;
  --line: #363d3d;
  --muted: #a6afac;
  --bad: #ff9a8f;
  --shade: rgb(0 0 0 / 0.5);
  --deep: max(l, 0.78);
`;

const css = `
:host {
  --accent: var(--frontdesk-accent, #17695b);
  --surface: var(--frontdesk-surface, #fff);
  --text: var(--frontdesk-text, #1b201e);
  --soft: #f2f4f2;
  --line: #dfe3e0;
  --muted: #59625e;
  --bad: #b3261e;
  --shade: rgb(16 32 28 / 0.2);
  --deep: min(l, 0.48);
}
@media (prefers-color-scheme: dark) {
  :host(:not([data-theme="light"])) {${dark}}
}
:host([data-theme="dark"]) {${dark}}

.panel {
  --link: var(--accent);
  --on-accent: #fff;
  --round: var(--frontdesk-radius, 1.25em);
  all: initial;
  position: fixed;
  z-index: 1;
  bottom: calc(var(--frontdesk-y, 1.25rem) + 4.5rem);
  right: var(--frontdesk-x, 1.25rem);
  box-sizing: border-box;
  display: flex;
  flex-direction: column;
  width: var(--frontdesk-width, 25em);
  height: min(var(--frontdesk-height, 43em), 100dvh - var(--frontdesk-y, 1.25rem) - 6em);
  max-width: calc(100vw - 2 * var(--frontdesk-x, 1.25rem));
  overflow: hidden;
  font: max(1rem, 16px)/1.5 var(--frontdesk-font, system-ui, sans-serif);
  color: var(--text);
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--round);
  box-shadow: 0 1.5em 4em -0.5em var(--shade), 0 0.25em 1em rgb(0 0 0 / 0.08);
  overflow-wrap: anywhere;
  animation: rise 0.2s cubic-bezier(0.2, 0.8, 0.2, 1);
}
:host([data-side="left"]) .panel {
  right: auto;
  left: var(--frontdesk-x, 1.25rem);
}
.panel[dir="rtl"] { direction: rtl; }
@supports (color: oklch(from red l c h)) {
  .panel {
    --link: oklch(from var(--accent) var(--deep) c h);
    --white: clamp(0, (0.1791 - y) * 9999, 1);
    --on-accent: color(from var(--accent) xyz-d65
      calc(var(--white) * 0.9505) var(--white) calc(var(--white) * 1.0891));
  }
}
@keyframes rise { from { opacity: 0; transform: translateY(0.75em) scale(0.985); } }

*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, h4, p, ul, ol, pre, blockquote { margin: 0; }
h2, h3, h4 { font-size: 1em; line-height: 1.35; }
h2:focus { outline: none; }
button, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
button { cursor: pointer; background: none; border: 0; padding: 0; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 0.125em solid var(--link); outline-offset: 0.125em; }
svg {
  display: block;
  width: 1.375em;
  height: 1.375em;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.sr {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.small, .foot, .note { font-size: 0.8125em; color: var(--muted); }

.head {
  position: relative;
  display: flex;
  align-items: center;
  gap: 0.25em;
  padding: 0.875em 0.75em 0.875em 1em;
  border-bottom: 1px solid var(--line);
}
.panel[dir="rtl"] .head { padding: 0.875em 1em 0.875em 0.75em; }
.face {
  display: grid;
  place-items: center;
  flex: none;
  width: 2.5em;
  height: 2.5em;
  margin-inline-end: 0.5em;
  font-weight: 600;
  color: var(--on-accent);
  background: var(--accent);
  border-radius: 50%;
}
.who { flex: 1; min-width: 0; }
.who p::before {
  content: "";
  display: inline-block;
  width: 0.5em;
  height: 0.5em;
  margin-inline-end: 0.5em;
  background: #2e9e6b;
  border-radius: 50%;
}
.person .who p::before { background: #d08a1d; }
.icon {
  display: grid;
  place-items: center;
  flex: none;
  width: 2.5em;
  height: 2.5em;
  color: var(--muted);
  border-radius: 50%;
}
.icon:hover { color: var(--text); background: var(--soft); }
.menu {
  position: absolute;
  z-index: 1;
  inset-block-start: calc(100% - 0.5em);
  inset-inline-end: 0.75em;
  padding: 0.375em;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 0.75em;
  box-shadow: 0 0.75em 2em var(--shade);
}
.menu button {
  display: flex;
  align-items: center;
  gap: 0.625em;
  width: 100%;
  padding: 0.5em 0.75em;
  font-size: 0.9375em;
  text-align: start;
  border-radius: 0.5em;
}
.menu button:hover { background: var(--soft); }
.menu svg { width: 1.125em; height: 1.125em; color: var(--muted); }

.log {
  flex: 1;
  min-height: 0;
  padding: 1.25em 1em 0.5em;
  overflow: hidden auto;
  overflow-anchor: none;
  overscroll-behavior: contain;
  scrollbar-width: thin;
  scrollbar-color: var(--line) transparent;
}
.log:focus-visible { outline-offset: -0.25em; border-radius: 0.5em; }
.log > .pill { margin: 0 auto 1em; }
.greeting {
  margin: 0.25em 0 1em;
  font-size: 1.5em;
  font-weight: 600;
  line-height: 1.3;
  letter-spacing: -0.01em;
  text-wrap: balance;
  white-space: pre-line;
}
.asked .greeting {
  margin: 0 0 1.5em;
  font-size: 1em;
  font-weight: 400;
  letter-spacing: 0;
  color: var(--muted);
}
.replies {
  display: flex;
  flex-direction: column;
  align-items: flex-start;
  gap: 0.5em;
  margin-bottom: 1em;
}
.pill {
  display: flex;
  align-items: center;
  gap: 0.375em;
  width: fit-content;
  min-height: 2.25em;
  padding: 0.375em 0.9375em;
  font-size: 0.9375em;
  text-align: start;
  color: var(--link);
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 1.25em;
}
.pill:hover { border-color: currentColor; }
.pill svg { width: 1em; height: 1em; stroke-width: 2; }
.ledge { position: relative; }
.latest {
  position: absolute;
  bottom: 0.5em;
  left: 50%;
  transform: translateX(-50%);
  white-space: nowrap;
  box-shadow: 0 0.25em 1em var(--shade);
}

.row { contain: layout style; margin-top: 1.25em; }
.row.joined { margin-top: 0.375em; }
.row[data-day]::before {
  content: attr(data-day);
  display: block;
  margin: 0.5em 0 1.25em;
  font-size: 0.8125em;
  text-align: center;
  color: var(--muted);
}
.bubble {
  width: fit-content;
  max-width: 94%;
  padding: 0.6875em 0.9375em;
  background: var(--soft);
  border-radius: 1.125em;
  border-end-start-radius: 0.3125em;
}
.customer .bubble {
  max-width: 84%;
  margin-inline-start: auto;
  color: var(--on-accent);
  background: var(--accent);
  border-end-start-radius: 1.125em;
  border-end-end-radius: 0.3125em;
}
.operator .bubble { background: var(--surface); border: 1px solid var(--line); }
.customer .bubble a { color: inherit; }
.foot {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.375em 0.75em;
  margin: 0.3125em 0.375em 0;
}
.customer .foot { justify-content: flex-end; }
.failed .foot { color: var(--bad); }
.row.customer.sent:has(+ .customer.joined) .foot { display: none; }
.link {
  min-height: 1.875em;
  color: var(--link);
  text-decoration: underline;
  text-underline-offset: 0.15em;
}
time { unicode-bidi: isolate; }
.rating { display: flex; }
.rating .icon { width: 2.25em; height: 2.25em; }
.rating svg { width: 1.25em; height: 1.25em; }
[aria-pressed="true"] { color: var(--link); background: var(--soft); }
[aria-pressed="true"] svg { fill: currentColor; fill-opacity: 0.25; }

.body > * + * { margin-block-start: 0.625em; }
.body h3, .body h4 { margin-block-start: 1em; }
.body > :first-child { margin-block-start: 0; }
.body ul, .body ol { padding-inline-start: 1.375em; }
.body li { margin-block-start: 0.25em; }
.body li > * + * { margin-block-start: 0.25em; }
.body li::marker { color: var(--muted); }
blockquote {
  padding-inline-start: 0.75em;
  border-inline-start: 0.1875em solid var(--line);
}
hr { width: 100%; border: 0; border-top: 1px solid var(--line); }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.9em; }
code { padding: 0.1em 0.3em; background: rgb(128 128 128 / 0.16); border-radius: 0.3em; }
pre code { padding: 0; background: none; font-size: 1em; }
.wide {
  max-width: 100%;
  overflow-x: auto;
  overflow-wrap: normal;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 0.625em;
  scrollbar-width: thin;
}
pre { width: max-content; min-width: 100%; padding: 0.75em; }
table { min-width: 100%; border-collapse: collapse; font-size: 0.875em; }
th, td {
  min-width: 5em;
  padding: 0.5em 0.75em;
  text-align: start;
  vertical-align: top;
  border-bottom: 1px solid var(--line);
}
tr:last-child > td { border-bottom: 0; }
th { font-weight: 600; color: var(--muted); white-space: nowrap; }
sup { font-size: 1em; line-height: 0; }
.mark {
  display: inline-block;
  min-width: 1.5em;
  padding: 0 0.25em;
  margin-inline: 0.125em;
  font-size: 0.75em;
  font-weight: 600;
  line-height: 1.5;
  text-align: center;
  text-decoration: none;
  color: var(--link);
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 0.5em;
}
a.mark:hover { border-color: currentColor; }
.sources:not(:empty) {
  margin-top: 0.75em;
  padding-top: 0.625em;
  border-top: 1px solid var(--line);
}
.sources ul { padding: 0; list-style: none; font-size: 0.875em; }
.sources li > * { display: flex; align-items: baseline; gap: 0.375em; padding-block: 0.1875em; }
.sources .mark { flex: none; }

.writing .body > :last-child:is(p, h3, h4)::after {
  content: "";
  display: inline-block;
  width: 0.125em;
  height: 1.05em;
  margin-inline-start: 0.1875em;
  vertical-align: -0.15em;
  background: var(--link);
  animation: blink 1s steps(2, jump-none) infinite;
}
@keyframes blink { to { opacity: 0; } }
.dots { display: flex; gap: 0.3125em; margin-top: 1.25em; padding-block: 1em; }
.dots i {
  width: 0.4375em;
  height: 0.4375em;
  background: var(--muted);
  border-radius: 50%;
  animation: wave 1.2s infinite;
}
.dots i:nth-child(2) { animation-delay: 0.15s; }
.dots i:nth-child(3) { animation-delay: 0.3s; }
@keyframes wave {
  0%, 60%, 100% { opacity: 0.35; }
  30% { opacity: 1; transform: translateY(-0.1875em); }
}
.note { margin: 1.25em 0 0.5em; text-align: center; }
.note:empty, .alert:empty { display: none; }
.alert { padding: 0.5em 1em 0; font-size: 0.875em; color: var(--bad); }

.form {
  display: flex;
  align-items: flex-end;
  gap: 0.125em;
  margin: 0.625em 0.875em 0.875em;
  padding: 0.25em;
  border: 1px solid var(--muted);
  border-radius: 1.5em;
}
.form:focus-within { border-color: var(--link); box-shadow: 0 0 0 1px var(--link); }
.box {
  display: grid;
  flex: 1;
  min-width: 0;
  max-height: 8.5em;
  overflow-y: auto;
  line-height: 1.5;
}
.box::after { content: attr(data-text) " "; visibility: hidden; white-space: pre-wrap; }
.box > textarea, .box::after {
  grid-area: 1 / 1;
  min-width: 0;
  padding: 0.5em 0.75em;
  border: 0;
  font: inherit;
}
textarea {
  width: 100%;
  margin: 0;
  resize: none;
  overflow: hidden;
  background: none;
  outline: none;
}
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { color: var(--on-accent); background: var(--accent); }
.send:hover { color: var(--on-accent); background: var(--accent); opacity: 0.9; }
.stop { color: var(--text); background: var(--soft); }
.stop svg { fill: currentColor; }
[aria-expanded] svg { stroke-width: 3; }

@media (max-width: 30rem), (max-height: 30rem) {
  :host .panel {
    inset: var(--above, 0) 0 auto;
    width: auto;
    max-width: none;
    height: var(--seen, 100dvh);
    padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom)
      env(safe-area-inset-left);
    border: 0;
    border-radius: 0;
  }
}
@media (prefers-reduced-motion: reduce) {
  .panel, .panel *, .panel ::after { animation: none !important; }
}
@media (forced-colors: active) {
  .bubble, .face, .send { border: 1px solid; }
  .dots i, .who p::before { background: CanvasText; }
  [aria-pressed="true"] { outline: 1px solid; }
  .form:focus-within { outline: 2px solid Highlight; }
}
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
