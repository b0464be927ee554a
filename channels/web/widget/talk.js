/** The conversation as the screen has it: what was said, what is being written, what is sent. */

import { Kept } from "./kept.js";
import { Outbox } from "./outbox.js";
import { Roll } from "./roll.js";
import { Session } from "./session.js";
import { Line, Refusal, nap, pauseOf, problemOf } from "./wire.js";

/** @typedef {import("./types").Entry} Entry */
/** @typedef {import("./types").Proof} Proof */
/** @typedef {import("./types").State} State */
/** @typedef {import("./kept").Unsent} Unsent */

/** So many messages are loaded at once. */
const PAGE = 30;
/** The head of an answer to a message is awaited for so many milliseconds. */
const HEAD = 4000;
/** A conversation is followed behind a closed chat if something was said so many seconds ago. */
const RECENT = 600;
/** A language as the server takes it. */
const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;

const now = () => Date.now() / 1000;

const random = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

/** @param {string} id */
const pathOf = (id) => "/v1/conversations/" + encodeURIComponent(id);

export class Talk extends EventTarget {
  #kept;
  #session;
  #outbox;
  #roll = this.#rollOf();
  #id = "";
  /** @type {Line} */
  #line;
  /** The server has the conversation. */
  #begun = false;
  /** @type {Promise<void> | undefined} */
  #starting;
  #readied = nap();
  /** @type {unknown} */
  #refusal;
  #nap = nap(0);
  #leave = new AbortController();
  /** What to do once these messages are accepted, by their ids. @type {Map<string, () => void>} */
  #accepting = new Map();

  /** @type {State} */
  state = {
    ready: false,
    owner: "bot",
    working: false,
    online: true,
    connected: true,
    unread: 0,
    more: false,
  };

  /** @param {import("./types").Config} config */
  constructor(config) {
    super();
    this.config = config;
    this.#kept = new Kept(config);
    this.#session = new Session(config, this.#kept);
    const post = (/** @type {Unsent} */ unsent) => this.#post(unsent);
    this.#outbox = new Outbox(this.#kept, post, (unsent) => {
      if (!unsent.conversation || unsent.conversation === this.#id) this.#roll.unsent(unsent);
    });
    this.#line = this.#lineOf("");
  }

  /** @returns {readonly Entry[]} */
  get entries() {
    return this.#roll.entries;
  }

  get site() {
    return this.#session.site;
  }

  get visitor() {
    return this.#session.visitor;
  }

  // What the view, or the page, wants.

  start() {
    return (this.#starting ??= this.#start());
  }

  async peek() {
    if (this.#starting) return;
    try {
      await this.#session.hold();
    } catch {
      return; // the chat says so when it is opened
    }
    this.#changed({ what: "session" });
    const { unread = 0, owner, latest = 0 } = this.#session.conversations[0] ?? {};
    this.#set({ unread });
    const due = owner === "operator" || now() - latest < RECENT || this.#kept.all.unsent?.length;
    if (due) await this.start();
  }

  /** @param {string} text */
  send(text) {
    if (!text.trim()) return "";
    const id = random();
    this.#outbox.add({ id, conversation: this.#id, text, at: now() });
    this.start();
    return id;
  }

  /**
   * Send again; where that cannot help, take it back and return its text instead.
   * @param {string} key
   */
  retry(key) {
    if (this.#roll.find(key)?.problem === "long") {
      this.#roll.recall(key);
      return this.#outbox.recall(key);
    }
    this.start();
    this.#outbox.retry(key);
    return "";
  }

  async stop() {
    await this.#wish("/stop", "POST");
  }

  /** @param {string} turn @param {import("./types").Rating} rating @param {string} [comment] */
  async rate(turn, rating, comment) {
    const before = this.entries.find((each) => each.turn === turn);
    if (!before) return;
    this.#roll.put({ ...before, rating });
    const path = "/turns/" + encodeURIComponent(turn) + "/feedback";
    const done = await this.#wish(path, "PUT", { rating, comment });
    if (!done) this.#roll.put(before);
  }

  markRead() {
    const seq = this.#begun && this.#roll.see();
    if (!seq) return;
    this.#judge();
    this.#ask("/read", "PUT", { seq }).catch(() => {}); // the next one says it too
  }

  async older() {
    const first = this.entries.find((each) => each.seq);
    if (!first || !this.state.more) return;
    try {
      await this.#page("&before=" + first.seq);
    } catch (error) {
      this.#dispatch("error", problemOf(error));
    }
  }

  fresh() {
    this.#choose("");
    this.#kept.keep({ conversation: this.#id });
  }

  async transcript() {
    return (await this.#ask("/transcript", "GET")).blob();
  }

  /** @param {Proof} proof */
  async identify(proof) {
    this.#session.prove(proof);
    if (!this.#starting) return;
    await this.#starting;
    try {
      await this.#enter(this.#session.open());
    } catch (error) {
      this.#session.prove(undefined);
      this.#dispatch("error", problemOf(error));
    }
  }

  close() {
    this.#leave.abort();
    this.#line.close();
    this.#outbox.close();
    this.#nap.end();
  }

  // Beginning.

  async #start() {
    this.#listen();
    this.#set({ online: globalThis.navigator?.onLine !== false });
    const { conversation } = this.#kept.all;
    if (conversation) this.#choose(conversation);
    this.#outbox.restore(conversation);
    for (let tries = 0; !this.#leave.signal.aborted; tries++) {
      try {
        await this.#enter(this.#session.hold());
        break;
      } catch (error) {
        const problem = problemOf(error);
        if (tries === 1) (this.#set({ connected: false }), this.#judge());
        if (problem === "refused") return this.#refused(error);
      }
      this.#nap = nap(pauseOf(tries));
      await this.#nap.over;
    }
    this.#set({ ready: true, connected: true });
    this.#judge();
    this.#readied.end();
    this.#outbox.flush();
  }

  /**
   * The chat is not to be had, until it is opened again or something is sent again.
   * @param {unknown} error
   */
  #refused(error) {
    this.#starting = undefined;
    this.#refusal = error;
    this.#readied.end();
    this.#readied = nap();
    this.#dispatch("error", "refused");
  }

  /** @param {Promise<void>} session */
  async #enter(session) {
    await session;
    if (this.#session.disproved) {
      this.#session.disproved = false;
      console.warn("Frontdesk: what identify() was given does not prove who the visitor is.");
      this.#dispatch("error", "identity");
    }
    await this.#load();
  }

  /** Choose the conversation that this visitor goes on with, and follow it. */
  async #load() {
    const kept = this.#kept.all.conversation ?? "";
    const known = this.#own(kept) ? kept : (this.#session.conversations[0]?.id ?? "");
    this.#choose(known);
    this.#changed({ what: "session" });
    if (!known) return;
    try {
      await this.#page("");
      this.#begin();
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 404) throw error; // else not begun
    }
  }

  /** @param {string} id of a conversation */
  #own(id) {
    const { conversations, visitor } = this.#session;
    return id.startsWith(visitor?.id + ".") || conversations.some((each) => each.id === id);
  }

  /** @param {string} id none: of a new conversation */
  #choose(id) {
    this.#line.close();
    this.#id = id || (this.visitor ? this.visitor.id + "." + random() : "");
    this.#line = this.#lineOf(this.#id);
    this.#begun = false;
    this.#roll = this.#rollOf();
    this.#set({ more: false });
    this.#outbox.draw();
    this.#changed({ what: "entries" });
  }

  /** @param {string} id */
  #lineOf(id) {
    /** @type {Line} */
    const line = new Line(
      (path, init) => this.#session.call(path, init),
      pathOf(id),
      (name, data) => line === this.#line && this.#hear(name, data),
    );
    return line;
  }

  #rollOf() {
    return new Roll((change) => this.#changed(change));
  }

  #begin() {
    this.#begun = true;
    this.#line.rest(!!globalThis.document?.hidden);
    this.#line.run();
  }

  #listen() {
    const { signal } = this.#leave;
    /** @param {EventTarget | undefined} target @param {string} name @param {(event: any) => void} deed */
    const on = (target, name, deed) => target?.addEventListener?.(name, deed, { signal });
    const page = /** @type {EventTarget} */ (globalThis);
    const again = () => {
      this.#set({ online: globalThis.navigator?.onLine !== false });
      this.#judge();
      this.#line.again();
      this.#outbox.hurry();
      this.#nap.end();
    };
    on(page, "online", again);
    on(page, "offline", () => (this.#set({ online: false }), this.#judge()));
    on(page, "pageshow", (event) => event.persisted && again());
    on(page, "storage", () => this.#otherTab());
    on(globalThis.document, "visibilitychange", () => this.#line.rest(document.hidden));
  }

  /** Go on with what another tab has begun, if nothing has begun here. */
  #otherTab() {
    const kept = this.#kept.all.conversation;
    if (!this.state.ready || this.#begun || this.entries.length || kept === this.#id) return;
    this.#session
      .open()
      .then(() => this.#load())
      .catch(() => {});
  }

  // Asking.

  /** @param {string} path @param {string} method @param {object} [body] */
  #ask(path, method, body) {
    // What was said goes out even where the page goes away right after.
    const init = { method, body: body && JSON.stringify(body), keepalive: !!body };
    return this.#session.call(pathOf(this.#id) + path, init);
  }

  /** @param {string} path @param {string} method @param {object} [body] */
  async #wish(path, method, body) {
    try {
      await this.#ask(path, method, body);
      return true;
    } catch (error) {
      this.#dispatch("error", problemOf(error));
      return false;
    }
  }

  /** @param {string} before */
  async #page(before) {
    const id = this.#id;
    const answer = await this.#ask("?limit=" + PAGE + before, "GET");
    const { messages, state, more } = await answer.json();
    if (id !== this.#id) return;
    for (const message of messages) this.#roll.message(message);
    if (!before) {
      this.#roll.state(state);
      this.#line.last = this.#roll.last;
    }
    this.#set({ more });
    this.#judge();
  }

  /** @param {Unsent} unsent */
  async #post(unsent) {
    await this.#readied.over;
    if (!this.state.ready) throw this.#refusal;
    if (!this.#begun && this.#session.elsewhere) {
      const before = this.visitor?.id;
      await this.#session.open();
      if (this.visitor?.id !== before) await this.#load(); // two tabs met a new visitor
    }
    if (!this.#own(unsent.conversation)) unsent.conversation = this.#id;
    const here = unsent.conversation === this.#id;
    if (here) this.#kept.keep({ conversation: this.#id });
    const line = here && this.#line.streams ? this.#line : undefined;
    const response = await this.#deliver(unsent, line);
    if (!line) {
      const accepted = await response.json();
      if (unsent.conversation !== this.#id) return;
      this.#hear("accepted", accepted);
      return this.#begin();
    }
    this.#begun = true;
    const accepted = nap();
    this.#accepting.set(unsent.id, accepted.end);
    await Promise.race([line.take(response), accepted.over]);
    if (this.#accepting.delete(unsent.id)) throw new TypeError("cut off");
  }

  /** @param {Unsent} unsent @param {Line | undefined} line */
  async #deliver({ id, conversation, text }, line) {
    const cut = new AbortController();
    const timer = setTimeout(() => {
      if (line) line.polls = true; // somebody holds the stream back
      cut.abort();
    }, line ? HEAD : 4 * HEAD);
    const headers = { Accept: line ? "text/event-stream" : "application/json" };
    const [language] = LANGUAGE.exec(this.config.language) ?? [];
    const body = JSON.stringify({ id, text, language });
    const path = pathOf(conversation) + "/messages";
    try {
      const init = { method: "POST", headers, body, signal: cut.signal };
      return await this.#session.call(path, init);
    } finally {
      clearTimeout(timer);
    }
  }

  // Hearing.

  /** @param {string} name @param {any} data */
  #hear(name, data) {
    const roll = this.#roll;
    if (name === "open") roll.begin();
    else if (name === "up" || name === "down") this.#set({ connected: name === "up" });
    else if (name === "gone") this.#lost();
    else if (name === "accepted") (roll.accepted(data), this.#sent(data.id));
    else if (name === "message") this.#heard(data);
    else if (name === "state") roll.state(data);
    else if (name === "working") roll.begun(data);
    else if (name === "withdrawn") roll.withdrawn();
    else if (name === "piece" && !roll.piece(data)) this.#line.again();
    if (name !== "piece") this.#judge();
  }

  /** @param {any} message */
  #heard(message) {
    const entry = this.#roll.message(message);
    if (message.id) this.#sent(message.id);
    if (entry && entry.author !== "customer") this.#dispatch("message", entry);
  }

  /** @param {string} id of a message that the server has */
  #sent(id) {
    this.#outbox.done(id);
    this.#accepting.get(id)?.();
    this.#accepting.delete(id);
  }

  /** The conversation is no longer there, or no longer this visitor's. */
  #lost() {
    this.#session
      .open()
      .then(() => this.#load())
      .catch(() => {}); // seen again with the next message
  }

  // Telling.

  #judge() {
    const { owner, working, unread } = this.#roll;
    const there = this.state.online && this.state.connected;
    this.#set({ owner, working: working && there, unread });
  }

  /** @param {Partial<State>} some */
  #set(some) {
    const before = JSON.stringify(this.state);
    this.state = { ...this.state, ...some };
    if (JSON.stringify(this.state) !== before) this.#changed({ what: "state" });
  }

  /** @param {import("./types").Change} change */
  #changed(change) {
    this.#dispatch("change", change);
  }

  /** @param {string} name @param {unknown} detail */
  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
