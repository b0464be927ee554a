/** What was said, in the order in which it is shown, and the answer as far as it is written. */

/** @typedef {import("./types").Block} Block */
/** @typedef {import("./types").Change} Change */
/** @typedef {import("./types").Entry} Entry */
/** @typedef {import("./types").Owner} Owner */
/** @typedef {import("./kept").Unsent} Unsent */

/**
 * What is kept stands by its number; then the answer being written; then what is not yet sent.
 * @param {Entry} entry
 */
const rank = ({ seq, status, at }) => seq ?? (status === "writing" ? 1e12 : 1e13 + at);

/** @param {unknown} one @param {unknown} other */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** @param {string} line @returns {Block} */
const lineOf = (line) => (line === "\n" ? ["br"] : line);

/**
 * A text as its writer sees it until the server has formatted it: paragraphs with their lines.
 * @param {string} text
 * @returns {Block[]}
 */
const plain = (text) =>
  text
    .trim()
    .split(/\n{2,}/)
    .map((lines) => ["p", ...lines.split(/(\n)/).map(lineOf)]);

export class Roll {
  #changed;
  /** Characters of the answer being written that are here. */
  #length = 0;
  #asked = 0;
  #answered = 0;
  #read = 0;

  /** @type {Entry[]} */
  entries = [];
  /** @type {Owner} */
  owner = "bot";

  /** @param {(change: Change) => void} changed is told what must be drawn again */
  constructor(changed) {
    this.#changed = changed;
  }

  /** The bot owes an answer. */
  get working() {
    const due = this.owner === "bot" && this.#asked > this.#answered;
    return due || this.entries.some(({ status }) => status === "writing" || status === "sending");
  }

  get unread() {
    const unseen = (/** @type {Entry} */ { author, seq = 0 }) => author !== "customer" && seq > this.#read;
    return this.entries.filter(unseen).length;
  }

  /** The newest message that is here. */
  get last() {
    return Math.max(0, ...this.entries.map(({ seq = 0 }) => seq));
  }

  /** @param {string} key */
  find(key) {
    return this.entries.find((entry) => entry.key === key);
  }

  /** All that is here was seen. Returns the newest seq if that is news, else 0. */
  see() {
    const { last } = this;
    if (last <= this.#read) return 0;
    return (this.#read = last);
  }

  /** Another stream begins: it tells the answer from its first word again. */
  begin() {
    this.#length = 0;
  }

  /** @param {any} message @returns {Entry | undefined} the entry, if it was not here before */
  message({ id, turn, seq, author, answers, ...rest }) {
    let key = (author === "bot" && turn) || id || "s" + seq;
    const before = this.find(key);
    if (before?.seq && before.seq !== seq) key += ":" + seq; // a turn may say more than one thing
    const known = this.find(key)?.seq;
    if (author === "customer") this.#asked = Math.max(this.#asked, seq);
    else if (author === "bot") this.#unwrite(turn);
    this.#answered = Math.max(this.#answered, answers ?? 0);
    /** @type {Entry} */
    const entry = { key, seq, author, status: "sent", ...(turn && { turn }), ...rest };
    this.put(entry);
    return known ? undefined : entry;
  }

  /** @param {{ owner: Owner, asked: number, answered: number, read: number }} state */
  state({ owner, asked, answered, read }) {
    this.owner = owner;
    this.#asked = Math.max(this.#asked, asked); // it may be older than what was accepted since
    this.#answered = Math.max(this.#answered, answered);
    this.#read = Math.max(this.#read, read);
    if (owner !== "bot") this.#unwrite();
  }

  /** @param {{ turn: string }} begun */
  begun({ turn }) {
    this.#unwrite(turn);
  }

  /**
   * @param {{ turn: string, length: number, from: number, blocks: Block[] }} piece
   * @returns {boolean} false if something before it is missing
   */
  piece({ turn, length, from, blocks }) {
    const before = this.find(turn);
    if (before?.seq || length <= this.#length) return true;
    const kept = before?.blocks ?? [];
    if (from > kept.length) return false;
    this.#length = length;
    const at = before?.at ?? Date.now() / 1000;
    const whole = [...kept.slice(0, from), ...blocks];
    this.put({ key: turn, turn, author: "bot", at, blocks: whole, sources: [], status: "writing" });
    return true;
  }

  /** What was shown of an answer was void; it is written anew. */
  withdrawn() {
    this.#unwrite();
  }

  /** @param {Unsent} unsent */
  unsent({ id, text, at, problem }) {
    if (this.find(id)?.seq) return;
    const status = problem ? "failed" : "sending";
    const blocks = plain(text);
    this.put({ key: id, author: "customer", at, blocks, sources: [], status, problem });
  }

  /** The customer takes back what is not sent. @param {string} key */
  recall(key) {
    this.entries = this.entries.filter((entry) => entry.key !== key);
    this.#changed({ what: "entries" });
  }

  /** The server has a message. @param {{ id: string, seq: number }} accepted */
  accepted({ id, seq }) {
    const entry = this.find(id);
    this.#asked = Math.max(this.#asked, seq);
    if (entry && !entry.seq) this.put({ ...entry, seq, status: "sent", problem: undefined });
  }

  /**
   * Put an entry in, in the place of the one with its key.
   * @param {Entry} entry
   */
  put(entry) {
    const at = this.entries.findIndex(({ key }) => key === entry.key);
    const before = this.entries[at];
    if (same(before, entry)) return;
    if (before && rank(before) === rank(entry)) {
      this.entries[at] = entry;
      return this.#changed({ what: "entry", key: entry.key });
    }
    const others = this.entries.filter((other) => other !== before);
    this.entries = [...others, entry].sort((one, other) => rank(one) - rank(other));
    this.#changed({ what: "entries" });
  }

  /** Take out the answers that are being written, but for that of this turn. @param {string} [turn] */
  #unwrite(turn) {
    const stays = this.entries.filter((one) => one.status !== "writing" || one.turn === turn);
    if (stays.length === this.entries.length) return;
    this.entries = stays;
    this.#length = 0;
    this.#changed({ what: "entries" });
  }
}
