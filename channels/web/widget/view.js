/** The panel: its head, the log, what is announced, and where the customer writes. */

import { el, icon, iconButton } from "./dom.js";
import { Log } from "./log.js";
import { spoken } from "./nodes.js";

/** @typedef {import("./types").Change} Change */
/** @typedef {import("./types").Entry} Entry */
/** @typedef {import("./types").Host} Host */
/** @typedef {import("./types").Problem} Problem */
/** @typedef {import("./types").Talk} Talk */
/** @typedef {import("./labels/en.js").Labels} Labels */

/** Where the panel fills the screen: phones, and pages zoomed until little height is left. */
const SMALL = matchMedia("(max-width: 30rem), (max-height: 30rem)");
/** Milliseconds that a line may be gone before the customer is told. */
const PATIENCE = 3000;
/** Milliseconds after which a problem that was told leaves the screen. */
const TOLD = 8000;

export class View {
  #drawing = 0;
  /** @type {Set<string> | undefined} The keys to draw; undefined: everything. */
  #dirty = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #cut;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #told;
  #viewport = new CSSStyleSheet();

  /**
   * @param {Host} host
   * @param {ShadowRoot} root
   * @param {Talk} talk
   * @param {Labels} labels
   * @param {string} language of the labels
   * @param {string} direction
   */
  constructor(host, root, talk, labels, language, direction) {
    this.host = host;
    this.root = root;
    this.talk = talk;
    this.labels = labels;
    this.log = new Log(talk, labels, language, {
      retry: (key) => this.#retry(key),
      rate: (turn, rating) => this.#rate(turn, rating),
    });
    this.face = el("span", { class: "face", "aria-hidden": "true" });
    this.title = el("h2", { id: "frontdesk-title", part: "title", tabindex: -1 });
    this.line = el("p", { class: "small" });
    this.status = el("div", { class: "sr", role: "status" });
    this.alert = el("p", { class: "alert", role: "alert" });
    this.menu = this.#makeMenu();
    this.input = el("textarea", { id: "frontdesk-input", rows: 1, enterkeyhint: "send" });
    this.stop = iconButton("stop", labels.stop, () => this.#stop(), { class: "icon stop" });
    this.form = this.#makeForm();
    this.panel = el(
      "div",
      { class: "panel", part: "panel", role: "dialog", lang: language, dir: direction },
      this.#makeHead(),
      this.log.element,
      el("div", { class: "ledge" }, this.log.latest),
      this.status,
      this.alert,
      this.form,
    );
    this.panel.setAttribute("aria-labelledby", this.title.id);
    this.panel.hidden = true;
    this.#listen();
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#viewport];
    root.append(this.panel);
    this.#fit();
    this.#draw();
  }

  show() {
    this.panel.hidden = false;
    this.log.toEnd();
    this.#fit();
    this.#drawLauncher();
    // On a phone the keyboard would cover the greeting and what can be asked.
    const calm = SMALL.matches && matchMedia("(pointer: coarse)").matches;
    (calm ? this.title : this.input).focus({ preventScroll: true });
  }

  hide() {
    this.panel.hidden = true;
    this.#openMenu(false);
    this.#drawLauncher();
  }

  // ── Making ────────────────────────────────────────────────────────────────────────────────────────

  #makeHead() {
    const { labels } = this;
    return el(
      "div",
      { class: "head", part: "header" },
      this.face,
      el("div", { class: "who" }, this.title, this.line),
      this.menu.button,
      this.menu.list,
      iconButton("close", labels.close, () => this.host.close()),
    );
  }

  #makeMenu() {
    const { labels, talk } = this;
    /** @param {"fresh" | "save"} name @param {() => void} deed */
    const item = (name, deed) =>
      el(
        "button",
        { type: "button", onclick: () => (this.#openMenu(false), deed()) },
        icon(name),
        labels[name],
      );
    const fresh = item("fresh", () => (talk.fresh(), this.input.focus()));
    const save = item("save", () => this.#save());
    const list = el("div", { class: "menu", id: "frontdesk-menu", hidden: true }, fresh, save);
    const button = iconButton("more", labels.menu, () => this.#openMenu(!!list.hidden), {
      "aria-expanded": "false",
      "aria-controls": list.id,
    });
    list.addEventListener("focusout", (event) => {
      const to = /** @type {Node | null} */ (event.relatedTarget);
      if (to !== button && !list.contains(to)) this.#openMenu(false);
    });
    return { button, list };
  }

  #makeForm() {
    const { labels, input } = this;
    // The box grows with a copy of the text that lies behind the input.
    const box = el("div", { class: "box" }, input);
    input.addEventListener("input", () => (box.dataset.text = input.value));
    input.placeholder = labels.write;
    input.setAttribute("aria-label", labels.write);
    const named = { "aria-label": labels.send, title: labels.send };
    const send = el("button", { class: "icon send", part: "send", ...named }, icon("send"));
    return el("form", { class: "form", part: "composer" }, box, this.stop, send);
  }

  #listen() {
    const { talk, form, input, panel } = this;
    talk.addEventListener("change", (event) => this.#changed(/** @type {any} */ (event).detail));
    talk.addEventListener("message", (event) => this.#tell(/** @type {any} */ (event).detail));
    talk.addEventListener("error", (event) => this.#warn(/** @type {any} */ (event).detail));
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#send(input.value)));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send(input.value);
    });
    panel.addEventListener("keydown", (event) => this.#key(event));
    const fit = () => this.#fit();
    SMALL.addEventListener("change", fit);
    visualViewport?.addEventListener("resize", fit);
    visualViewport?.addEventListener("scroll", fit);
  }

  // ── Doing ─────────────────────────────────────────────────────────────────────────────────────────

  /** @param {string} text */
  #send(text) {
    if (!text.trim()) return;
    this.log.toEnd();
    this.talk.send(text);
    if (this.alert.textContent !== this.labels.offline) this.#say("");
    this.input.value = "";
    this.input.dispatchEvent(new Event("input"));
    this.input.focus();
  }

  #stop() {
    this.input.focus();
    this.talk.stop();
  }

  /**
   * @param {string} turn
   * @param {import("./types").Rating} rating
   */
  async #rate(turn, rating) {
    await this.talk.rate(turn, rating);
    this.status.textContent = this.labels.thanks;
  }

  async #save() {
    this.menu.button.focus();
    try {
      const url = URL.createObjectURL(await this.talk.transcript());
      el("a", { href: url, download: this.#file() }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
    } catch {
      this.#warn("server");
    }
  }

  /** @param {boolean} open */
  #openMenu(open) {
    this.menu.list.hidden = !open;
    this.menu.button.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement} */ (this.menu.list.firstChild).focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Tab" && SMALL.matches) this.#turn(event);
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    if (this.menu.list.hidden) return this.host.close();
    this.#openMenu(false);
    this.menu.button.focus();
  }

  /**
   * Where the panel covers the page, the focus goes round inside it.
   *
   * @param {KeyboardEvent} event
   */
  #turn(event) {
    /** @type {NodeListOf<HTMLElement>} */
    const all = this.panel.querySelectorAll('button, a[href], textarea, [tabindex="0"]');
    const stops = [...all].filter((one) => one.getClientRects().length);
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    const { activeElement } = this.root;
    if (activeElement !== from && !(event.shiftKey && activeElement === this.title)) return;
    event.preventDefault();
    to?.focus();
  }

  // ── Telling ───────────────────────────────────────────────────────────────────────────────────────

  /** The finished answer, once. @param {Entry} entry */
  #tell(entry) {
    if (!this.panel.hidden) this.status.textContent = entry.blocks.map(spoken).join("\n");
  }

  /** The name of a transcript: the day on which it was made. */
  #file() {
    return `conversation-${new Date().toISOString().slice(0, 10)}.md`;
  }

  /** @param {string} key */
  #retry(key) {
    const text = this.talk.retry(key);
    if (text) this.input.value = text;
    this.input.dispatchEvent(new Event("input"));
    this.input.focus();
  }

  /** @param {Problem} problem */
  #warn(problem) {
    if (problem === "identity") return; // the page's matter
    this.#say(this.labels[problem]);
    this.#told = setTimeout(() => this.#say(""), TOLD);
  }

  /** @param {string} words */
  #say(words) {
    clearTimeout(this.#told);
    this.alert.textContent = words;
  }

  // ── Drawing ───────────────────────────────────────────────────────────────────────────────────────

  /** @param {Change} change */
  #changed({ what, key }) {
    if (what === "entry" && key) this.#dirty?.add(key);
    else this.#dirty = undefined;
    if (this.#drawing) return;
    this.#drawing = 1;
    const draw = () => this.#draw();
    // A hidden page has no frames.
    document.hidden ? setTimeout(draw) : requestAnimationFrame(draw);
  }

  #draw() {
    const keys = this.#dirty;
    this.#drawing = 0;
    this.#dirty = new Set();
    if (keys?.size) return keys.forEach((key) => this.log.drawEntry(key));
    this.#drawHead();
    this.#drawWelcome();
    this.#drawState();
    this.log.draw();
    this.#drawLauncher();
  }

  #drawHead() {
    const { labels, talk } = this;
    const { owner, working } = talk.state;
    const title = talk.site?.title || labels.title;
    if (this.title.textContent !== title) this.title.textContent = title;
    this.face.textContent = [...(talk.site?.bot || title)][0];
    const busy = working ? labels.writing : labels.bot;
    const name = talk.site?.bot;
    const named = name && name !== title ? `${name} · ${busy}` : busy;
    const line = owner === "operator" ? labels.person : named;
    if (this.line.textContent !== line) this.line.textContent = line;
    this.panel.classList.toggle("person", owner === "operator");
  }

  #drawWelcome() {
    const { labels, talk, log } = this;
    const { site, state, entries } = talk;
    const asked = entries.length > 0;
    if (!site || !state.ready) return;
    const seen = `${site.greeting}\n${asked}\n${site.suggestions.join("\n")}`;
    if (log.welcome.dataset.seen === seen) return;
    log.welcome.dataset.seen = seen;
    const greeting = el("p", { class: "greeting", dir: "auto" }, site.greeting || labels.greeting);
    const replies = site.suggestions.map((words) =>
      el(
        "button",
        { type: "button", class: "pill", dir: "auto", onclick: () => this.#send(words) },
        words,
      ),
    );
    const group = el("div", { class: "replies", role: "group" }, ...replies);
    group.setAttribute("aria-label", labels.suggestions);
    log.welcome.replaceChildren(greeting, ...(asked || !replies.length ? [] : [group]));
    log.welcome.classList.toggle("asked", asked);
  }

  #drawState() {
    const { labels, talk, stop } = this;
    const { working, owner, online, connected } = talk.state;
    const shown = working && owner !== "operator";
    if (stop.hidden === shown) {
      if (!shown && this.root.activeElement === stop) this.input.focus();
      stop.hidden = !shown;
      if (shown) this.status.textContent = labels.writing;
    }
    clearTimeout(this.#cut);
    const told = this.alert.textContent === labels.offline;
    if (online && connected) {
      if (told) this.#say("");
    } else if (!told) {
      this.#cut = setTimeout(() => this.#say(labels.offline), online ? PATIENCE : 0);
    }
  }

  #drawLauncher() {
    const { labels, talk, panel, host } = this;
    const { unread } = talk.state;
    const count = unread ? `. ${labels.unread}: ${unread}` : "";
    host.launcher.setAttribute("aria-label", (panel.hidden ? labels.open : labels.close) + count);
  }

  /** What a phone's keyboard leaves of the screen is the panel's: the input stays in sight. */
  #fit() {
    const { height, offsetTop } = visualViewport ?? { height: innerHeight, offsetTop: 0 };
    this.#viewport.replaceSync(
      `:host{--seen:${Math.round(height)}px;--above:${Math.round(offsetTop)}px}`,
    );
    if (SMALL.matches) this.panel.setAttribute("aria-modal", "true");
    else this.panel.removeAttribute("aria-modal");
  }
}
