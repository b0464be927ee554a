/** Builds what the server sends as a tree of allowed nodes. What is not allowed is left out. */

import { el } from "./dom.js";

/** @typedef {import("./types").Block} Block */
/** @typedef {import("./types").Source} Source */
/** @typedef {import("./labels/en.js").Labels} Labels */

const TAGS = new Set(
  "p h3 h4 ul ol li blockquote pre code strong em s br hr table thead tbody tr th td".split(" "),
);
/** Texts that find their own direction, whatever the labels' language is. */
const ALONE = /^(p|h3|h4|ul|ol|li|blockquote|table|th|td)$/;
const DEEPEST = 40;

/**
 * The link if it leads to a page, a mailbox or a telephone; else nothing.
 *
 * @param {unknown} href
 */
export function safeLink(href) {
  try {
    const url = new URL(String(href));
    return /^(https?|mailto|tel):$/.test(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/**
 * Words that lead to `href` in a tab of their own, or the words alone.
 *
 * @param {unknown} href
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function link(href, attributes, ...children) {
  const safe = safeLink(href);
  if (!safe) return el("span", attributes, ...children);
  const elsewhere = /^http/.test(safe) && { target: "_blank", rel: "noopener noreferrer nofollow" };
  return el("a", { href: safe, ...elsewhere, ...attributes }, ...children);
}

/**
 * @param {Block} block
 * @param {readonly Source[]} sources that its marks point to
 * @param {Labels} labels
 * @param {number} depth
 * @returns {Node}
 */
export function build(block, sources, labels, depth = 0) {
  if (!Array.isArray(block) || depth > DEEPEST) {
    return document.createTextNode(typeof block === "string" ? block : "");
  }
  /** @type {[any, ...any]} */
  const [tag, ...rest] = /** @type {any} */ (block);
  const given = rest[0];
  const plain = given !== null && typeof given === "object" && !Array.isArray(given);
  const attributes = plain ? rest.shift() : {};
  const children = rest.map((child) => build(child, sources, labels, depth + 1));
  if (tag === "a") return link(attributes.href, {}, ...children);
  if (tag === "cite") return mark(Number(attributes.n), sources, labels);
  if (!TAGS.has(tag)) return el("span", {}, ...children);
  const start = tag === "ol" && Number.isInteger(attributes.start) ? attributes.start : undefined;
  const dir = tag === "pre" || tag === "code" ? "ltr" : ALONE.test(tag) ? "auto" : undefined;
  const built = el(/** @type {"p"} */ (tag), { start, dir }, ...children);
  if (tag !== "pre" && tag !== "table") return built;
  // What is too wide scrolls inside itself, by keyboard as well.
  const label = tag === "pre" ? labels.pre : labels.table;
  return el("div", { class: "wide", role: "group", tabindex: 0, "aria-label": label, dir }, built);
}

/**
 * @param {number} number
 * @param {readonly Source[]} sources
 * @param {Labels} labels
 */
function mark(number, sources, labels) {
  const source = sources.find((one) => one.number === number);
  const label = `${labels.source} ${number}` + (source ? `: ${source.title}` : "");
  const shown = link(source?.link, { class: "mark", title: label }, String(number));
  if (shown.tagName === "A") shown.setAttribute("aria-label", label);
  return el("sup", {}, shown);
}

/**
 * What a screen reader is told of a text: its words, without the marks.
 *
 * @param {unknown} block
 * @returns {string}
 */
export function spoken(block) {
  if (typeof block === "string") return block;
  if (!Array.isArray(block) || block[0] === "cite") return "";
  const words = block.slice(1).map(spoken).join("");
  return /^(strong|em|s|a|code)$/.test(block[0]) ? words : `${words}\n`;
}
