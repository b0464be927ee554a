/** Puts the chat into the shadow root that the loader has made. */

import { sheet } from "./styles.js";
import { View } from "./view.js";

/** Every language that the labels stand in. */
const LANGUAGES = (
  "ar bg ca cs da de el en es fa fi fr he hi hr hu id it ja ko nb nl pl pt ro ru sk sv th tr uk " +
  "vi zh zh-hant"
).split(" ");
const RIGHT_TO_LEFT = /^(ar|fa|he)/;
/** Milliseconds that the chat waits to hear which language its site has. */
const HEARING = 600;
/** @type {Record<string, string>} */
const OTHER_NAMES = { no: "nb", nn: "nb", iw: "he", "zh-tw": "zh-hant", "zh-hk": "zh-hant" };

/**
 * The first of the wished languages that we have, by its whole name or by its first part.
 *
 * @param {readonly (string | null | undefined)[]} wishes BCP 47
 */
export function choose(wishes) {
  for (const wish of wishes) {
    const parts = (wish ?? "").toLowerCase().split(/[-_]/);
    for (; parts.length; parts.pop()) {
      const name = parts.join("-");
      const known = OTHER_NAMES[name] ?? name;
      if (LANGUAGES.includes(known)) return known;
    }
  }
  return "en";
}

/**
 * What the page says, or else the site's settings, or else the page's own language.
 *
 * @param {import("./types").Host} host
 * @param {import("./types").Config} config
 * @param {import("./types").Talk} talk
 */
async function wanted({ dataset }, config, talk) {
  if (!dataset.language && !talk.site) {
    await new Promise((done) => {
      talk.addEventListener("change", () => talk.site && done(0));
      setTimeout(done, HEARING);
    });
  }
  return choose([dataset.language, talk.site?.language, config.language, ...navigator.languages]);
}

/** @type {import("./types").Mount} */
export async function mount(host, root, config, talk) {
  talk.start();
  const language = await wanted(host, config, talk);
  const { default: labels } = await import(`./labels/${language}.js`);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const direction = RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr";
  return new View(host, root, talk, labels, language, direction);
}
