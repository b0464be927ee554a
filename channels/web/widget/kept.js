/** What outlives the page: one JSON text a site in localStorage, or memory where that is refused. */

/** @typedef {import("./types").Problem} Problem */
/** @typedef {{ id: string, conversation: string, text: string, at: number, problem?: Problem }} Unsent */
/** @typedef {{ renew?: string, conversation?: string, unsent?: Unsent[] }} Keepsakes */

export class Kept {
  #key;
  #storage;
  #memory = "{}";

  /** @param {import("./types").Config} config */
  constructor({ server, site, storage }) {
    this.#key = "frontdesk " + site + " " + server; // loader.js looks for it too
    this.#storage = storage;
  }

  /** @returns {Keepsakes} */
  get all() {
    try {
      return JSON.parse(this.#where().getItem(this.#key) ?? "{}");
    } catch {
      return JSON.parse(this.#memory);
    }
  }

  /**
   * Another tab may have written since: what is not named stays as it is there.
   * @param {Keepsakes} some
   */
  keep(some) {
    const text = JSON.stringify({ ...this.all, ...some });
    this.#memory = text;
    try {
      this.#where().setItem(this.#key, text);
    } catch {
      // Full or forbidden: this page goes on, it only forgets when it is left.
    }
  }

  forget() {
    this.keep({ renew: undefined, conversation: undefined, unsent: undefined });
  }

  #where() {
    return this.#storage ?? localStorage; // a getter that may throw
  }
}
