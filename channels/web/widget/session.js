/** The visitor's session with a site: who he is, and a token that is renewed before it ends. */

import { Refusal } from "./wire.js";

/** @typedef {import("./types").Proof} Proof */
/** @typedef {import("./types").Summary} Summary */

/** A request that is no stream is given up after so many milliseconds. */
const PATIENCE = 15000;

export class Session {
  #config;
  #kept;
  #token = "";
  #ends = 0;
  /** @type {string | undefined} */
  #renew;
  /** @type {Promise<void> | undefined} */
  #opening;
  /** @type {Proof | undefined} */
  #proof;
  #proved = false;

  /** The last proof proved nothing: the visitor is an anonymous one. */
  disproved = false;
  /** @type {import("./types").Site | null} */
  site = null;
  /** @type {import("./types").Visitor | null} */
  visitor = null;
  /** @type {Summary[]} */
  conversations = [];

  /**
   * @param {import("./types").Config} config
   * @param {import("./kept").Kept} kept
   */
  constructor(config, kept) {
    this.#config = config;
    this.#kept = kept;
  }

  /** Another tab has opened or renewed it since. */
  get elsewhere() {
    return this.#renew !== this.#kept.all.renew;
  }

  /** Have a session that holds. */
  async hold() {
    if (Date.now() > this.#ends) await this.open();
  }

  /** Open the session, or renew it. Callers at the same time share one request. */
  open() {
    return (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)));
  }

  /**
   * Say who the visitor is, from the next opening on; what he has written so far follows him.
   * @param {Proof} [proof] none: nothing that the session does not say by itself
   */
  prove(proof) {
    if (proof === null) this.#kept.forget();
    this.#proof = proof;
    this.#proved = false;
  }

  /**
   * Ask the server with a token that holds.
   * @param {string} path @param {RequestInit} [init]
   * @returns {Promise<Response>} one that is well; others are raised as `Refusal`
   */
  async call(path, init = {}) {
    for (let stale = ""; ; ) {
      await (this.#token === stale ? this.open() : this.hold());
      const token = this.#token;
      const headers = { ...init.headers, Authorization: "Bearer " + token };
      try {
        return await this.#fetch(path, { ...init, headers });
      } catch (error) {
        if (stale || !(error instanceof Refusal) || error.status !== 401) throw error;
        stale = token;
      }
    }
  }

  async #open() {
    const { renew } = this.#kept.all;
    // Once proved, the renewed token says who he is.
    const identity = this.#proved ? undefined : await this.#identity();
    this.disproved = false;
    try {
      await this.#begin({ renew, identity });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      this.disproved = error.type.endsWith(":identity");
      if (this.disproved) await this.#beginDisproved();
      else if (renew) await this.#begin({ identity });
      else throw error;
    }
    this.#proved = true;
    if (typeof this.#proof !== "function") this.#proof = undefined; // it would be stale next time
  }

  /** Whoever was known here before: this visitor is not shown what they wrote. */
  async #beginDisproved() {
    if (this.visitor?.known !== false) this.#kept.forget();
    this.#proof = undefined;
    await this.#begin({ renew: this.#kept.all.renew });
  }

  async #identity() {
    const proof = this.#proof;
    const given = typeof proof === "function" ? await proof() : proof;
    return typeof given === "string" ? { token: given } : (given ?? undefined);
  }

  /** @param {{ renew?: string, identity?: object }} who */
  async #begin(who) {
    const body = JSON.stringify({ site: this.#config.site, ...who });
    const response = await this.#fetch("/v1/sessions", { method: "POST", body });
    const { token, expires_in, renew, visitor, site, conversations } = await response.json();
    this.#token = token;
    this.#ends = Date.now() + expires_in * 900;
    this.#renew = renew;
    this.#kept.keep({ renew });
    Object.assign(this, { visitor, site, conversations });
  }

  /** @param {string} path @param {RequestInit} init */
  async #fetch(path, init) {
    /** @type {RequestInit} */
    const polite = { cache: "no-store", credentials: "omit", ...init };
    polite.signal ??= AbortSignal.timeout(PATIENCE);
    if (init.body) polite.headers = { "Content-Type": "application/json", ...init.headers };
    const response = await (this.#config.fetch ?? fetch)(this.#config.server + path, polite);
    if (response.ok) return response;
    const { type } = await response.json().catch(() => ({}));
    throw new Refusal(response.status, type);
  }
}
