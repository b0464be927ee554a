// The shapes that the widget's modules share. Nothing of this file reaches a browser.
//
//     import type in JSDoc:  /** @typedef {import("./types").Entry} Entry */

/** A node of a formatted text: a string is text, else a tag, perhaps its attributes, children. */
export type Block = string | Branch;
export interface Branch extends ReadonlyArray<Block | Record<string, string | number>> {
  readonly 0: string;
}

export type Owner = "bot" | "operator" | "nobody";
export type Rating = "good" | "bad";

/** What kept a message, or a wish, from being done. */
export type Problem =
  | "offline" // no line to the server, tried for a while
  | "busy" // too many messages: wait a little
  | "long" // the message is too long
  | "refused" // the server does not take it from here (origin, site)
  | "identity" // what `identify` was given proves nothing; told to the page, not to the customer
  | "server"; // anything that is the server's fault

export interface Source {
  number: number;
  title: string;
  heading: string;
  link: string;
}

/** One message as it stands on the screen. Entries are replaced, never changed in place. */
export interface Entry {
  /** Stays the same from the first sight to the last: fit for a DOM node to be kept under. */
  key: string;
  /** Its number in the conversation; none while it is only here (sending, failed, writing). */
  seq?: number;
  author: "customer" | "bot" | "operator";
  /** Seconds since the epoch. */
  at: number;
  blocks: Block[];
  sources: Source[];
  /** `writing`: the bot's answer as far as it came. */
  status: "sending" | "failed" | "sent" | "writing";
  /** Why it is `failed`. */
  problem?: Problem;
  /** The turn that wrote it, for `rate`. */
  turn?: string;
  outcome?: string;
  rating?: Rating;
  stopped?: boolean;
}

export interface State {
  /** The session is open and the conversation is loaded. */
  ready: boolean;
  /** Who answers: with `operator` a person does. */
  owner: Owner;
  /** The bot owes an answer. True from `send` until the reply is there (or a person took over). */
  working: boolean;
  /** The browser believes that it has a network. */
  online: boolean;
  /** The line to the server stands, or none is needed. */
  connected: boolean;
  /** Messages of bot and operators that were not seen. */
  unread: number;
  /** There are older messages: `older()` loads them. */
  more: boolean;
}

export interface Site {
  title: string;
  greeting: string;
  suggestions: string[];
  language: string;
  /** The bot's name. */
  bot: string;
}

export interface Visitor {
  id: string;
  name: string | null;
  /** The host site proved who this is. */
  known: boolean;
}

/** A conversation of the visitor as the list shows it. */
export interface Summary {
  id: string;
  latest: number;
  opening: string;
  unread: number;
  owner: Owner;
}

/** A proof of the host site of who its visitor is. */
export type Identity =
  | { token: string }
  | { user: string; hash: string; name?: string };

/** What `frontdesk.identify` takes: a proof, its JWT, or a call that gets one; null logs out. */
export type Proof = Identity | string | null | (() => Identity | string | Promise<Identity | string>);

export interface Config {
  /** Where the server is: `https://bot.example`, without a slash at the end. */
  server: string;
  site: string;
  /** BCP 47; of the customer's own labels and messages. */
  language: string;
  /** Tests bring their own. */
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  fetch?: typeof fetch;
}

/** `change`: something to draw again. */
export interface Change {
  /**
   * `entries`: the list (entries came, went or moved); `entry`: only the one with this key;
   * `state`; `session`: site and visitor.
   */
  what: "entries" | "entry" | "state" | "session";
  key?: string;
}

/**
 * The core, for the view. Dispatches `change` (CustomEvent<Change>), `message`
 * (CustomEvent<Entry>: the bot or a person has written, once each, never for history) and
 * `error` (CustomEvent<Problem>: a wish other than `send` could not be done).
 * No method throws or rejects, except `transcript`.
 */
export interface Talk extends EventTarget {
  /** In the order in which they are shown. */
  readonly entries: readonly Entry[];
  readonly state: Readonly<State>;
  /** Null until the session is open. */
  readonly site: Site | null;
  readonly visitor: Visitor | null;
  readonly config: Config;
  /** Open the session, load the conversation and follow it. Again: nothing. */
  start(): Promise<void>;
  /** Only look whether there is something unread; follow if an answer is due. */
  peek(): Promise<void>;
  /** Show the text as `sending` at once; returns its key. Blank text: nothing, "". */
  send(text: string): string;
  /** Send again; where that cannot help, it is taken back and its text returned. */
  retry(key: string): string;
  /** Stop the answer that is being written. */
  stop(): Promise<void>;
  rate(turn: string, rating: Rating, comment?: string): Promise<void>;
  /** All that is here was seen. */
  markRead(): void;
  /** Load what came before; resolves when it is in `entries`. */
  older(): Promise<void>;
  /** Begin a new conversation. */
  fresh(): void;
  /** The conversation as a Markdown file. Rejects where it cannot be had. */
  transcript(): Promise<Blob>;
  identify(proof: Proof): Promise<void>;
  close(): void;
}

/**
 * The custom element `<frontdesk-chat>`. It draws the launcher. It has the attribute `open` while
 * the chat is, and `data-theme` ("light", "dark" or absent) and `data-side` ("left" or absent)
 * where the host page chose them.
 */
export interface Host extends HTMLElement {
  readonly launcher: HTMLButtonElement;
  open(): Promise<void>;
  /** Hide the chat and give the focus back to the launcher (the view calls this on Escape). */
  close(): void;
}

/** What `mount` of chat.js returns: the panel inside the shadow root, hidden at first. */
export interface Chat {
  /** Show the panel and put the focus into the input. */
  show(): void;
  hide(): void;
}

/**
 * `export async function mount(host, root, config, talk)` of chat.js: adds its style sheets to
 * `root.adoptedStyleSheets` and its panel to `root`. The loader has the launcher's there already.
 */
export type Mount = (host: Host, root: ShadowRoot, config: Config, talk: Talk) => Promise<Chat>;
