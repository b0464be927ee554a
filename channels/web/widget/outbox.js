/** Messages on their way to the server: in order, one at a time, and kept until they are there. */

import { nap, pauseOf, problemOf } from "./wire.js";

/** @typedef {import("./kept").Unsent} Unsent */
/** @typedef {import("./types").Problem} Problem */

/** A message without a line to the server is shown as failed after so long; it is tried on. */
const LATE = 10000;
/** What was left here so long ago is sent only if the customer still wants it. */
const OLD = 3600000;
/** After a word that it is too much, it is tried again after so long. */
const BUSY = 5000;

export class Outbox {
  #kept;
  #post;
  #show;
  #busy = false;
  #closed = false;
  #nap = nap(0);
  /** @type {Unsent[]} */
  #all = [];

  /**
   * @param {import("./kept").Kept} kept
   * @param {(unsent: Unsent) => Promise<void>} post resolves when the server has it
   * @param {(unsent: Unsent) => void} show
   */
  constructor(kept, post, show) {
    this.#kept = kept;
    this.#post = post;
    this.#show = show;
  }

  /** Take up what a page of this conversation left behind. @param {string} [conversation] */
  restore(conversation) {
    for (const unsent of this.#kept.all.unsent ?? []) {
      if (unsent.conversation && unsent.conversation !== conversation) continue;
      if (Date.now() - unsent.at * 1000 > OLD) unsent.problem ??= "offline";
      this.#all.push(unsent);
    }
    this.draw();
  }

  /** Show again what is waiting. */
  draw() {
    this.#all.forEach(this.#show);
  }

  /** @param {Unsent} unsent */
  add(unsent) {
    this.#all.push(unsent);
    this.#keep(unsent.id, unsent);
    this.#show(unsent);
    this.flush();
  }

  /** @param {string} id */
  retry(id) {
    const unsent = this.#all.find((each) => each.id === id);
    if (!unsent) return;
    unsent.problem = undefined;
    this.#show(unsent);
    this.hurry();
    this.flush();
  }

  /** Send it no more. @param {string} id @returns {string} what it says */
  recall(id) {
    const text = this.#all.find((each) => each.id === id)?.text ?? "";
    this.done(id);
    return text;
  }

  /** The server has it. @param {string} id */
  done(id) {
    if (!this.#all.some((each) => each.id === id)) return;
    this.#all = this.#all.filter((each) => each.id !== id);
    this.#keep(id);
  }

  /** Try again now: the network has changed. */
  hurry() {
    this.#nap.end();
  }

  close() {
    this.#closed = true;
    this.hurry();
  }

  async flush() {
    if (this.#busy) return;
    this.#busy = true;
    for (let next; (next = this.#all.find((each) => !each.problem)); ) await this.#send(next);
    this.#busy = false;
  }

  /** @param {Unsent} unsent */
  async #send(unsent) {
    const since = Date.now();
    for (let tries = 0; ; tries++) {
      try {
        await this.#post(unsent);
        return this.done(unsent.id);
      } catch (error) {
        const problem = problemOf(error);
        const busy = problem === "busy";
        const late = busy || Date.now() - since > LATE;
        if (this.#closed || !(busy || problem === "offline")) return this.#fail(unsent, problem);
        if (late) this.#show({ ...unsent, problem });
        this.#nap = nap(busy ? BUSY : pauseOf(tries));
      }
      await this.#nap.over;
    }
  }

  /** @param {Unsent} unsent @param {Problem} problem */
  #fail(unsent, problem) {
    unsent.problem = problem;
    if (this.#closed) return;
    this.#keep(unsent.id, unsent);
    this.#show(unsent);
  }

  /** @param {string} id @param {Unsent} [unsent] none: it is sent */
  #keep(id, unsent) {
    const others = (this.#kept.all.unsent ?? []).filter((each) => each.id !== id);
    this.#kept.keep({ unsent: unsent ? [...others, unsent] : others });
  }
}
