/** Draws the launcher, and fetches the chat when it is first opened. The one script of a page. */

(() => {
  const NAME = "frontdesk-chat";
  if (customElements.get(NAME)) return; // the page has the script twice
  // The server writes these two in: where the modules of this version lie, and "open" in every
  // language that the chat speaks.
  const MODULES = "@MODULES@";
  const OPEN = /** @type {Record<string, string>} */ (/** @type {unknown} */ ("@OPEN@"));

  const script = /** @type {HTMLScriptElement} */ (
    document.currentScript ?? document.querySelector('script[src*="/widget.js"]')
  );
  const { site = "default", language } = script.dataset;
  /** @type {import("./types").Config} */
  const config = {
    server: script.src.replace(/\/widget\.js.*/, ""),
    site,
    language: language || document.documentElement.lang || navigator.language || "en",
  };

  const css = `
:host {
  all: initial; position: fixed; z-index: 2147483000;
  right: var(--frontdesk-x, 1.25rem); bottom: var(--frontdesk-y, 1.25rem);
  --accent: var(--frontdesk-accent, #17695b); --on: #fff;
}
:host([data-side=left]) { right: auto; left: var(--frontdesk-x, 1.25rem); }
@supports (color: oklch(from red l c h)) {
  .launcher {
    --w: clamp(0, (.1791 - y) * 9999, 1);
    --on: color(from var(--accent) xyz-d65 calc(var(--w) * .9505) var(--w) calc(var(--w) * 1.0891));
  }
}
.launcher {
  all: unset; box-sizing: border-box; position: relative; display: grid; place-items: center;
  width: max(3.5rem, 56px); height: max(3.5rem, 56px); cursor: pointer;
  color: var(--on); background: var(--accent); border: 1px solid #0000; border-radius: 50%;
  box-shadow: 0 .25rem 1rem #0004;
}
.launcher:hover { filter: brightness(1.08); }
.launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
svg { width: 50%; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
:host([open]) .shut, :host(:not([open])) .cross, .badge:empty { display: none; }
.badge {
  position: absolute; top: -.25rem; right: -.25rem; box-sizing: border-box; min-width: 1.375rem;
  padding: 0 .375rem; border-radius: 1rem; color: #fff; background: #b3261e;
  font: 600 .8125rem/1.375rem system-ui, sans-serif; text-align: center;
}
:host([data-launcher=none]) .launcher { display: none; }
@media (max-width: 30rem), (max-height: 30rem) { :host([open]) .launcher { visibility: hidden; } }
@media print { :host { display: none; } }`;

  /** What the page listens to: `open`, `close`, `message`, `unread`, `error`. */
  const news = new EventTarget();
  /** @param {string} name @param {unknown} [detail] */
  const tell = (name, detail) => news.dispatchEvent(new CustomEvent(name, { detail }));

  let failures = 0;
  /** @param {string} name */
  const load = (name) => {
    // A browser remembers that a module could not be had: the path of the next try is another.
    const again = failures ? "~" + failures : "";
    return import(config.server + MODULES + again + "/" + name).catch((error) => {
      failures++;
      throw error;
    });
  };

  /**
   * Make a promise once, but not for good if it fails.
   * @template T @param {() => Promise<T>} make
   */
  const once = (make) => {
    /** @type {Promise<T> | undefined} */
    let made;
    return () =>
      (made ??= make().catch((error) => {
        made = undefined;
        throw error;
      }));
  };

  /** @type {import("./types").Proof | undefined} */
  let proof;
  /** @type {import("./types").Talk | undefined} */
  let talk;
  const talking = once(async () => {
    const { Talk } = await load("talk.js");
    const made = /** @type {import("./types").Talk} */ (new Talk(config));
    if (proof !== undefined) made.identify(proof);
    made.addEventListener("change", () => host.draw());
    for (const name of ["message", "error"])
      made.addEventListener(name, (event) => tell(name, /** @type {CustomEvent} */ (event).detail));
    return (talk = made);
  });

  /** @param {string} name @param {string} look @param {string} path */
  const icon = (name, look, path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", name);
    svg.setAttribute(name === "svg" ? "viewBox" : "d", path);
    svg.setAttribute("class", look);
    return svg;
  };

  class Host extends HTMLElement {
    launcher = document.createElement("button");
    #badge = document.createElement("span");
    #root = this.attachShadow({ mode: "open" });
    #moves = 0;
    #unread = 0;
    /** @type {import("./types").Chat | undefined} */
    #chat;
    #mount = once(async () => {
      const [{ mount }, core] = await Promise.all([load("chat.js"), talking()]);
      return /** @type {import("./types").Chat} */ (
        (this.#chat = await mount(this, this.#root, config, core))
      );
    });

    constructor() {
      super();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      this.#root.adoptedStyleSheets = [sheet];
      const { launcher } = this;
      launcher.className = launcher.part.value = "launcher";
      launcher.type = "button";
      launcher.setAttribute("aria-expanded", "false");
      launcher.setAttribute("aria-haspopup", "dialog");
      launcher.onclick = () => this.toggle();
      launcher.onpointerenter = () => load("chat.js").then(talking).catch(() => {});
      this.#badge.className = this.#badge.part.value = "badge";
      this.#badge.setAttribute("aria-hidden", "true");
      const drawing = icon("svg", "", "0 0 24 24");
      drawing.setAttribute("aria-hidden", "true");
      drawing.append(
        icon("path", "shut", "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM8 9h8M8 12.5h5"),
        icon("path", "cross", "m6 9 6 6 6-6"),
      );
      launcher.append(drawing, this.#badge);
      this.#root.append(launcher);
      this.draw();
    }

    connectedCallback() {
      Object.assign(this.dataset, script.dataset);
    }

    /** Some frameworks clear away, or replace, a body with what they do not know in it. */
    disconnectedCallback() {
      setTimeout(() => this.isConnected || this.#moves++ > 99 || document.body.append(this));
    }

    draw() {
      const unread = talk?.state.unread ?? 0;
      this.#badge.textContent = unread ? String(unread) : "";
      if (!this.#chat) {
        const [whole, part] = [config.language.toLowerCase(), config.language.split(/[-_]/)[0]];
        const label = OPEN[whole] ?? OPEN[part] ?? OPEN.en;
        this.launcher.setAttribute("aria-label", label + (unread ? " (" + unread + ")" : ""));
      }
      if (unread !== this.#unread) tell("unread", unread);
      this.#unread = unread;
    }

    /** @param {boolean} open */
    #mark(open) {
      this.toggleAttribute("open", open);
      this.launcher.setAttribute("aria-expanded", String(open));
    }

    async open() {
      if (this.hasAttribute("open")) return;
      this.#mark(true);
      try {
        const chat = await this.#mount();
        if (!this.hasAttribute("open")) return;
        chat.show();
        tell("open");
      } catch {
        this.#mark(false); // no line: the next click tries again
        tell("error", "offline");
      }
    }

    close() {
      if (!this.hasAttribute("open")) return;
      const focused = this.#root.activeElement;
      this.#mark(false);
      this.#chat?.hide();
      if (focused) this.launcher.focus();
      tell("close");
    }

    toggle() {
      return this.hasAttribute("open") ? this.close() : this.open();
    }
  }

  customElements.define(NAME, Host);
  const host = new Host();

  const ready = new Promise((resolve) => {
    const add = () => (document.body.append(host), resolve(undefined));
    if (document.body) add();
    else addEventListener("DOMContentLoaded", add);
  });

  /** Who was here before sees at once whether somebody has written. */
  const peek = () => {
    try {
      const kept = JSON.parse(localStorage.getItem("frontdesk " + site + " " + config.server) ?? "{}");
      if (kept.renew) talking().then((core) => core.peek()).catch(() => {});
    } catch {
      // Storage is refused: there is nothing to remember.
    }
  };
  const idle = () => (window.requestIdleCallback ?? setTimeout)(peek);
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle);

  /** @type {Record<string, any>} */
  const api = {
    ready,
    open: () => host.open(),
    close: () => host.close(),
    toggle: () => host.toggle(),
    /** @param {string} text */
    send: async (text) => {
      host.open();
      (await talking()).send(text);
    },
    /** @param {import("./types").Proof} who */
    identify: async (who) => {
      proof = who;
      if (talk || who === null) await (await talking()).identify(who);
    },
    /** @param {string} name @param {(detail: any) => void} listener */
    on: (name, listener) => {
      const heard = (/** @type {any} */ event) => listener(event.detail);
      news.addEventListener(name, heard);
      return () => news.removeEventListener(name, heard);
    },
    /** @param {[string, ...any[]]} call made before the script was there */
    push: ([name, ...given]) => api[name]?.(...given),
  };
  const page = /** @type {any} */ (window);
  const queued = Array.isArray(page.frontdesk) ? page.frontdesk : [];
  page.frontdesk = api;
  queued.forEach(api.push);
})();
