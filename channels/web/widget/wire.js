/** Reads the line of events that comes from the server, and takes it up again whenever it is cut. */

/** @typedef {import("./types").Problem} Problem */
/** @typedef {(path: string, init?: RequestInit) => Promise<Response>} Ask */
/** @typedef {(name: string, data: any) => void} Tell */

/** A stream that says nothing for so long, right after it was opened, is held back by a proxy. */
const HELD_BACK = 4000;
/** The server breathes each 15 s. */
const DEAD = 40000;
/** After so many tries, which is minutes, the line is looked for less often. */
const LONG = 100;
/** Seconds for which the server may hold a poll. */
const POLL = 15;

/** An answer of the server that is not the one hoped for. */
export class Refusal extends Error {
  /** @param {number} status @param {string} type of the problem, as RFC 9457 has it */
  constructor(status, type = "") {
    super(String(status));
    this.status = status;
    this.type = type;
  }
}

/**
 * What to tell the customer.
 * @param {unknown} error @returns {Problem}
 */
export function problemOf(error) {
  const { status, type } = error instanceof Refusal ? error : { status: 503, type: "" };
  if (status > 501 && status < 505) return "offline"; // a balancer whose server is restarting
  if (status === 413 || type.endsWith("long")) return "long";
  if (status === 429) return "busy";
  return status < 500 ? "refused" : "server";
}

/**
 * How long to wait before the next try, in milliseconds: soon at first, and within two seconds
 * for the first minutes. Spread, so that a thousand pages do not come back in one moment.
 * @param {number} tries that failed
 */
export function pauseOf(tries) {
  const most = tries < LONG ? 1600 : 10000;
  return Math.min(250 * 2 ** tries, most) * (0.75 + Math.random() / 4);
}

/**
 * A wait that can be ended early.
 * @param {number} [ms] none: until it is ended
 */
export function nap(ms) {
  let end = () => {};
  const over = /** @type {Promise<void>} */ (new Promise((resolve) => (end = resolve)));
  const timer = ms === undefined ? 0 : setTimeout(end, ms);
  return { over, end: () => (clearTimeout(timer), end()) };
}

/**
 * Call `late` unless the returned function is called again within the time last given to it.
 * @param {() => void} late
 */
function watchdog(late) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (/** @type {number} */ ms) => {
    clearTimeout(timer);
    timer = ms ? setTimeout(late, ms) : undefined;
  };
}

/**
 * The events of a stream as WHATWG's HTML has them; one that was cut off is not told.
 * @param {ReadableStream<Uint8Array> | null} body
 * @param {AbortSignal} signal
 * @param {() => void} heard called for every chunk
 */
export async function* eventsOf(body, signal, heard) {
  if (!body) return;
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      heard();
      const parts = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      rest = parts.pop() ?? "";
      yield* parts.map(eventOf).filter((event) => event.data);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** @param {string} part */
function eventOf(part) {
  const event = { name: "message", data: "", id: "" };
  for (const line of part.split(/\r?\n/)) {
    const [, field, text] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === "event") event.name = text;
    else if (field === "data") event.data += text;
    else if (field === "id") event.id = text;
  }
  return event;
}

/** The line of one conversation: one stream at a time, or polls where streams are held back. */
export class Line {
  #ask;
  #path;
  #tell;
  #tries = 0;
  #heard = false;
  #soon = false;
  #closed = false;
  #resting = false;
  #runs = false;
  #cut = new AbortController();
  #nap = nap(0);
  /** @type {{ response: Response, over: () => void } | undefined} */
  #given;
  #reading = false;

  /** Streams are held back on the way: ask for plain answers. */
  polls = false;
  /** The seq up to which every message is here. */
  last = 0;

  /**
   * @param {Ask} ask @param {string} path of the conversation
   * @param {Tell} tell is called for every event, and with `open`, `up`, `down` and `gone`
   */
  constructor(ask, path, tell) {
    this.#ask = ask;
    this.#path = path;
    this.#tell = tell;
  }

  /** A message may bring its answer as a stream: none is on already, and none is held back. */
  get streams() {
    return !this.polls && !this.#reading;
  }

  /** Follow the conversation until `close`. */
  async run() {
    if (this.#runs) return;
    this.#runs = true;
    while (!this.#closed) {
      const given = this.#given;
      this.#given = undefined;
      this.#cut = new AbortController();
      this.#heard = false;
      this.#reading = given !== undefined;
      try {
        if (given) await this.#read(given.response, false);
        else if (this.#resting) await this.#sleep();
        else await (this.polls ? this.#poll() : this.#stream());
      } catch (error) {
        this.#fell(error);
      }
      given?.over();
      await this.#pause(given !== undefined);
    }
    this.#given?.over();
  }

  /**
   * Read this stream, the answer to a message, in place of the standing one while it lasts.
   * @param {Response} response
   * @returns {Promise<void>} when it has ended
   */
  take(response) {
    return new Promise((over) => {
      this.#given?.over();
      this.#given = { response, over };
      this.again();
      this.run();
    });
  }

  /** Drop what is open and come back at once: the network, or what is wanted of it, has changed. */
  again() {
    this.#soon = true;
    this.#cut.abort();
    this.#nap.end();
  }

  /** Need no line for now, as in a hidden tab; or need it again. @param {boolean} resting */
  rest(resting) {
    if (this.#resting === resting) return;
    this.#resting = resting;
    this.again();
  }

  close() {
    this.#closed = true;
    this.again();
  }

  /** @param {unknown} error */
  #fell(error) {
    if (!(error instanceof Refusal) || this.#closed) return;
    if (error.status === 404 || error.status === 403) {
      this.#closed = true;
      this.#tell("gone", error.status);
    } else if (error.status === 429) {
      this.#tries = LONG;
    }
  }

  /** @param {number} [ms] */
  async #sleep(ms) {
    this.#nap = nap(ms);
    await this.#nap.over;
  }

  /** @param {boolean} given */
  async #pause(given) {
    const soon = this.#soon || (given && this.#heard);
    this.#soon = false;
    if (this.#closed) return;
    if (this.#heard || soon) this.#tries = 0;
    if (soon) return;
    if (!this.#heard && this.#tries === 1) this.#tell("down", null);
    await this.#sleep(pauseOf(this.#tries));
    if (!this.#heard) this.#tries += 1;
  }

  #up() {
    if (!this.#heard) this.#tell("up", null);
    this.#heard = true;
  }

  #watch() {
    const cut = this.#cut;
    return watchdog(() => {
      if (!this.#heard) this.polls = true;
      cut.abort();
    });
  }

  async #stream() {
    await this.#read(await this.#head(), true);
    if (!this.#heard) this.polls = true;
  }

  async #head() {
    const { signal } = this.#cut;
    const dog = this.#watch();
    dog(HELD_BACK);
    try {
      const headers = { Accept: "text/event-stream", "Last-Event-ID": String(this.last) };
      return await this.#ask(this.#path + "/events", { headers, signal });
    } finally {
      dog(0);
    }
  }

  /**
   * @param {Response} response
   * @param {boolean} whole it tells every message after the last one that is here
   */
  async #read({ body }, whole) {
    const { signal } = this.#cut;
    const dog = this.#watch();
    dog(HELD_BACK);
    try {
      this.#tell("open", null);
      for await (const event of eventsOf(body, signal, () => (this.#up(), dog(DEAD)))) {
        this.#tell(event.name, JSON.parse(event.data));
        if (whole && event.id) this.last = Number(event.id);
      }
    } finally {
      dog(0);
    }
  }

  async #poll() {
    const { signal } = this.#cut;
    const dog = watchdog(() => this.#cut.abort());
    try {
      for (let wait = 0; !signal.aborted; wait = POLL) {
        dog(POLL * 2000);
        const path = this.#path + "/events?after=" + this.last + "&wait=" + wait;
        const headers = { Accept: "application/json" };
        const { events, state } = await (await this.#ask(path, { headers, signal })).json();
        this.#up();
        for (const event of events) {
          this.#tell("message", event);
          this.last = event.seq;
        }
        this.#tell("state", state);
        await this.#sleep(250);
      }
    } catch (error) {
      if (!this.#soon) this.polls = false; // a stream is worth another look
      throw error;
    } finally {
      dog(0);
    }
  }
}
