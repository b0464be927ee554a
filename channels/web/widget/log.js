/** The messages, in order, and where the customer looks at them. */

import { el, icon } from "./dom.js";
import { Row } from "./row.js";

/** @typedef {import("./types").Entry} Entry */
/** @typedef {import("./types").Talk} Talk */
/** @typedef {import("./labels/en.js").Labels} Labels */

/** Seconds within which messages of one author stand together. */
const TOGETHER = 300;

export class Log {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #pinned = true;
  #top = 0;
  #end = 0;
  #list = el("div", { class: "list" });
  #dots = el("div", { class: "bubble dots", "aria-hidden": "true" }, ...dots());
  #note = el("p", { class: "note" });

  /**
   * @param {Talk} talk
   * @param {Labels} labels
   * @param {string} language
   * @param {import("./row.js").Deeds} deeds
   */
  constructor(talk, labels, language, deeds) {
    this.talk = talk;
    this.labels = labels;
    this.deeds = deeds;
    this.clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
    const date = /** @type {const} */ ({ weekday: "long", day: "numeric", month: "long" });
    this.day = new Intl.DateTimeFormat(language, date);
    this.welcome = el("div", { class: "welcome" });
    this.older = el("button", { type: "button", class: "pill", onclick: () => this.#older() });
    this.older.append(labels.older);
    const end = () => this.toEnd();
    this.latest = el("button", { type: "button", class: "pill latest", onclick: end });
    this.latest.hidden = true;
    this.latest.append(icon("down"), labels.latest);
    this.element = el(
      "div",
      { class: "log", part: "log", role: "log", "aria-live": "off", tabindex: 0 },
      ...[this.older, this.welcome, this.#list, this.#dots, this.#note],
    );
    this.element.setAttribute("aria-label", labels.log);
    this.element.addEventListener("scroll", () => this.#scrolled());
    new ResizeObserver(() => this.#keep()).observe(this.element);
  }

  /** Whether the customer sees the newest message. */
  get pinned() {
    return this.#pinned;
  }

  draw() {
    const { entries, state, site } = this.talk;
    const below = this.element.scrollHeight - this.element.scrollTop;
    const first = this.#list.firstChild;
    const last = this.#list.lastChild;
    this.#drawRows(entries);
    this.older.hidden = !state.more;
    this.welcome.hidden = !site || state.more;
    const writing = entries.at(-1)?.status === "writing" && entries.at(-1)?.blocks.length;
    const person = state.owner === "operator";
    this.#dots.hidden = state.ready && (!state.working || person || !!writing);
    this.#note.textContent =
      person && entries.at(-1)?.author !== "operator" ? this.labels.waiting : "";
    this.element.setAttribute("aria-busy", String(state.working && !person));
    if (!entries.length) this.#pinned = true;
    if (first && first.isConnected && first !== this.#list.firstChild && !this.#pinned) {
      this.element.scrollTop = this.element.scrollHeight - below;
    } else if (last !== this.#list.lastChild && !this.#pinned) {
      this.latest.hidden = false;
    }
    this.#keep();
  }

  /**
   * Draw one message that has changed.
   *
   * @param {string} key
   */
  drawEntry(key) {
    const { entries } = this.talk;
    const index = entries.findIndex((entry) => entry.key === key);
    if (index < 0 || !this.#rows.has(key)) return this.draw();
    this.#drawRow(entries[index], entries[index - 1]);
    if (entries[index].status === "writing") this.#dots.hidden = !!entries[index].blocks.length;
    this.#keep();
  }

  toEnd() {
    this.#pinned = true;
    this.#keep();
  }

  /** @param {readonly Entry[]} entries */
  #drawRows(entries) {
    const keys = new Set(entries.map((entry) => entry.key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    let next = this.#list.firstChild;
    entries.forEach((entry, index) => {
      const { element } = this.#drawRow(entry, entries[index - 1]);
      if (element === next) next = next.nextSibling;
      else this.#list.insertBefore(element, next);
    });
  }

  /**
   * @param {Entry} entry
   * @param {Entry | undefined} above
   */
  #drawRow(entry, above) {
    let row = this.#rows.get(entry.key);
    if (!row) this.#rows.set(entry.key, (row = new Row(this.deeds, this.labels, this.clock)));
    const joined = above?.author === entry.author && entry.at - above.at < TOGETHER;
    row.draw(entry, this.#name(entry.author), joined);
    const day = this.day.format(entry.at * 1000);
    const known = this.day.format(above ? above.at * 1000 : Date.now());
    if (day === known) delete row.element.dataset.day;
    else row.element.dataset.day = day;
    return row;
  }

  /** @param {Entry["author"]} author */
  #name(author) {
    if (author === "bot") return this.talk.site?.bot || this.labels.bot;
    return author === "customer" ? this.labels.you : this.labels.team;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const end = scrollHeight - clientHeight;
    // What moved by itself, because something grew or shrank, is not what the customer did.
    const still = end !== this.#end || scrollTop >= this.#top;
    this.#pinned = end - scrollTop < 2 || (this.#pinned && still);
    this.#top = scrollTop;
    if (end !== this.#end) this.#keep();
    else if (this.#pinned) this.#seen();
    this.#end = end;
  }

  #keep() {
    if (!this.#pinned) return;
    // Before anything was said, the greeting is read from its beginning.
    this.element.scrollTop = this.talk.entries.length ? this.element.scrollHeight : 0;
    this.#top = this.element.scrollTop;
    this.#end = this.element.scrollHeight - this.element.clientHeight;
    this.#seen();
  }

  #seen() {
    this.latest.hidden = true;
    const seen = document.visibilityState === "visible" && this.element.offsetParent;
    if (seen && this.talk.state.unread) this.talk.markRead();
  }

  async #older() {
    this.#pinned = false;
    await this.talk.older();
    if (this.older.hidden) this.element.focus();
  }
}

function dots() {
  return [1, 2, 3].map(() => el("i"));
}
