/** One message as it stands in the log. */

import { el, iconButton } from "./dom.js";
import { build, link } from "./nodes.js";

/** @typedef {import("./types").Entry} Entry */
/** @typedef {import("./types").Block} Block */
/** @typedef {import("./labels/en.js").Labels} Labels */

/** What the lines below a message are made of. */
const FOOT = /** @type {const} */ (["status", "at", "rating", "stopped", "turn", "problem"]);

/**
 * What a customer may do to a message.
 *
 * @typedef {{
 *   retry: (key: string) => void,
 *   rate: (turn: string, rating: "good" | "bad") => void,
 * }} Deeds
 */

/**
 * @param {unknown} before
 * @param {unknown} now
 */
const changed = (before, now) => before !== now && JSON.stringify(before) !== JSON.stringify(now);

export class Row {
  /** @type {readonly Block[]} */
  #blocks = [];
  /** @type {Entry | undefined} */
  #entry;
  #body = el("div", { class: "body" });
  #sources = el("div", { class: "sources" });
  #foot = el("div", { class: "foot" });

  /**
   * @param {Deeds} deeds
   * @param {Labels} labels
   * @param {Intl.DateTimeFormat} clock
   */
  constructor(deeds, labels, clock) {
    this.deeds = deeds;
    this.labels = labels;
    this.clock = clock;
    this.name = el("span", { class: "sr" });
    const bubble = el("div", { class: "bubble", part: "message" }, this.#body, this.#sources);
    this.element = el("div", {}, this.name, bubble, this.#foot);
  }

  /**
   * @param {Entry} entry
   * @param {string} name who wrote it
   * @param {boolean} joined it goes on from the message above
   */
  draw(entry, name, joined) {
    this.element.className = `row ${entry.author} ${entry.status}${joined ? " joined" : ""}`;
    const before = this.#entry;
    if (before === entry) return;
    this.#entry = entry;
    this.name.textContent = `${name}: `;
    this.#drawBody(entry, before);
    if (changed(before?.sources, entry.sources)) this.#drawSources(entry);
    if (!before || FOOT.some((key) => before[key] !== entry[key])) this.#drawFoot(entry, name);
  }

  /**
   * Build again from the first block that differs: while an answer is written, its last one.
   *
   * @param {Entry} entry
   * @param {Entry | undefined} before
   */
  #drawBody(entry, before) {
    const marked = changed(before?.sources, entry.sources);
    let same = 0;
    while (
      !marked &&
      same < this.#blocks.length &&
      same < entry.blocks.length &&
      !changed(this.#blocks[same], entry.blocks[same])
    ) {
      same++;
    }
    while (this.#body.childNodes.length > same) this.#body.lastChild?.remove();
    for (const block of entry.blocks.slice(same)) {
      this.#body.append(build(block, entry.sources, this.labels));
    }
    this.#blocks = entry.blocks;
  }

  /** @param {Entry} entry */
  #drawSources({ sources }) {
    this.#sources.replaceChildren();
    if (!sources.length) return;
    const items = sources.map(({ number, title, heading, link: href }) => {
      const words = heading && heading !== title ? `${title} – ${heading}` : title;
      const mark = el("span", { class: "mark" }, String(number));
      return el("li", {}, link(href, {}, mark, el("span", { dir: "auto" }, words)));
    });
    const heading = el("span", { class: "small" }, this.labels.sources);
    this.#sources.append(heading, el("ul", { "aria-label": this.labels.sources }, ...items));
  }

  /**
   * @param {Entry} entry
   * @param {string} name
   */
  #drawFoot(entry, name) {
    const root = /** @type {ShadowRoot} */ (this.#foot.getRootNode());
    const buttons = () => [...this.#foot.querySelectorAll("button")];
    const held = buttons().findIndex((button) => button === root.activeElement);
    this.#foot.replaceChildren(...this.#footnotes(entry, name));
    buttons()[held]?.focus();
  }

  /**
   * @param {Entry} entry
   * @param {string} name
   */
  #footnotes({ author, status, at, key, turn, rating, stopped, problem }, name) {
    const { labels } = this;
    if (status === "writing") return [];
    if (status === "sending") return [labels.sending];
    if (status === "failed") {
      const again = () => this.deeds.retry(key);
      const button = el("button", { type: "button", class: "link", onclick: again }, labels.retry);
      const own = problem === "busy" || problem === "long" || problem === "refused";
      return [own ? labels[problem] : labels.failed, " ", button];
    }
    const date = new Date(at * 1000);
    const time = el("time", { datetime: date.toISOString() }, this.clock.format(date));
    if (author === "customer") return [time];
    const notes = [el("bdi", {}, name), " · ", time, ...(stopped ? [" · ", labels.stopped] : [])];
    const line = el("span", {}, ...notes);
    return turn && author === "bot" ? [line, this.#feedback(turn, rating)] : [line];
  }

  /**
   * @param {string} turn
   * @param {string | undefined} rating
   */
  #feedback(turn, rating) {
    const buttons = /** @type {const} */ (["good", "bad"]).map((kind) =>
      iconButton(kind, this.labels[kind], () => this.deeds.rate(turn, kind), {
        "aria-pressed": String(rating === kind),
      }),
    );
    return el("span", { class: "rating" }, ...buttons);
  }
}
