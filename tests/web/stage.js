/** A page's element and a Talk for trying out the view: they do what a test says. */

import { mount } from "./chat.js";

let made = 0;

class Played extends EventTarget {
  entries = [];
  state = {
    ready: true,
    owner: "bot",
    working: false,
    online: true,
    connected: true,
    unread: 0,
    more: false,
  };
  site = { title: "Larkmoor", greeting: "", suggestions: ["Where is it?"], language: "", bot: "Birch" };
  visitor = null;
  config = {};
  calls = [];

  change(what, key) {
    this.dispatchEvent(new CustomEvent("change", { detail: { what, key } }));
  }

  set(state) {
    this.state = { ...this.state, ...state };
    this.change("state");
  }

  /** Put an entry where the one of its key was, or at the end. */
  put(author, blocks, more = {}) {
    const entry = {
      key: `key ${++made}`,
      author,
      at: Date.now() / 1000,
      blocks,
      sources: [],
      status: "sent",
      ...more,
    };
    const known = this.entries.some(({ key }) => key === entry.key);
    this.entries = known
      ? this.entries.map((one) => (one.key === entry.key ? entry : one))
      : [...this.entries, entry];
    this.change(known ? "entry" : "entries", entry.key);
    return entry;
  }

  /** The same, as a message that has just been written. */
  say(author, blocks, more) {
    this.dispatchEvent(new CustomEvent("message", { detail: this.put(author, blocks, more) }));
  }

  fail(problem) {
    this.dispatchEvent(new CustomEvent("error", { detail: problem }));
  }

  send(text) {
    this.calls.push(["send", text]);
    return this.put("customer", [["p", text]]).key;
  }

  retry(key) {
    this.calls.push(["retry", key]);
  }

  async stop() {
    this.calls.push(["stop"]);
    this.set({ working: false });
  }

  async rate(turn, rating) {
    this.calls.push(["rate", turn, rating]);
    const entry = this.entries.find((one) => one.turn === turn);
    this.put(entry.author, entry.blocks, { ...entry, rating });
  }

  async older() {
    const older = Array.from({ length: 20 }, (_, n) => ({
      ...this.entries[0],
      key: `older ${n}`,
      blocks: [["p", `Older ${n}`]],
    }));
    this.entries = [...older, ...this.entries];
    this.set({ more: false });
  }

  fresh() {
    this.calls.push(["fresh"]);
  }

  markRead() {
    this.calls.push(["read"]);
    this.set({ unread: 0 });
  }

  async start() {}
}

class Stage extends HTMLElement {
  launcher = document.createElement("button");

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(this.launcher);
    this.launcher.onclick = () => this.open();
  }

  open() {
    this.setAttribute("open", "");
    this.view.show();
  }

  close() {
    this.removeAttribute("open");
    this.view.hide();
    this.launcher.focus();
  }
}

customElements.define("frontdesk-chat", Stage);
const stage = new Stage();
stage.dataset.language = document.documentElement.lang;
document.body.append(stage);
const talk = new Played();

/** Wait until what was asked for is drawn. */
const drawn = () =>
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
const find = (/** @type {string} */ selector) => stage.shadowRoot.querySelector(selector);
const all = (/** @type {string} */ selector) => [...stage.shadowRoot.querySelectorAll(selector)];

stage.view = await mount(stage, stage.shadowRoot, { language: "en" }, talk);
Object.assign(window, { stage, talk, drawn, find, all });
stage.open();
