/** Makes elements and icons with DOM calls alone: nothing here ever reads markup. */

/** @typedef {string | number | boolean | undefined | ((event: any) => void)} Attribute */

/**
 * An element with attributes (`onclick` and the like are listeners; false and undefined are left
 * out) and children.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, Attribute>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Strokes on a square of 24. */
const ICONS = {
  close: "M6 6l12 12M18 6 6 18",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M8 8h8v8H8z",
  down: "M12 5v14M5.5 12.5 12 19l6.5-6.5",
  good: "M7 11v9H4v-9zl4-8c1.7 0 2.6 1.2 2.3 2.9L12.6 9H19a2 2 0 0 1 2 2.4l-1.3 7a2 2 0 0 1-2 1.6H7",
  bad: "M7 13V4H4v9zl4 8c1.7 0 2.6-1.2 2.3-2.9l-.7-3.1H19a2 2 0 0 0 2-2.4l-1.3-7a2 2 0 0 0-2-1.6H7",
  fresh: "M12 20h9M16.5 4.5l3 3L8 19l-4 1 1-4z",
  save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
};

/**
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) =>
    document.createElementNS("http://www.w3.org/2000/svg", tag),
  );
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return /** @type {SVGElement} */ (svg);
}

/**
 * A button that shows an icon and is called by its label.
 *
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {() => void} onclick
 * @param {Record<string, string | boolean>} [attributes]
 */
export function iconButton(name, label, onclick, attributes) {
  return el(
    "button",
    { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...attributes },
    icon(name),
  );
}
