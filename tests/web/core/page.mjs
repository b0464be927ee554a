/** A page without a screen: the chat's core as the server serves it, told what to do line by line. */

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [server] = process.argv.slice(2);
const tell = (news) => process.stdout.write(JSON.stringify(news) + "\n");

/** What a browser would have around the core. */
globalThis.document = Object.assign(new EventTarget(), { hidden: false });
const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
const storages = {};
const storage = (name) => {
  const kept = (storages[name] ??= new Map());
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
};

/** What a test wants the next requests of a path's end to meet: a status, or a forged token. */
const faults = [];

/** Every request as it went out, with its answer's status; 0 where there was no answer. */
const watched = (talk) => async (url, init) => {
  const { pathname, search } = new URL(url);
  const headers = { ...init.headers };
  const asked = { method: init.method ?? "GET", path: pathname + search, headers: init.headers };
  tell({ talk, asked });
  const at = faults.findIndex(({ path }) => pathname.endsWith(path));
  const [fault] = at < 0 ? [] : faults.splice(at, 1);
  if (fault?.forged) headers.Authorization = "Bearer forged";
  const answer = await (fault?.status
    ? new Response("{}", { status: fault.status })
    : fetch(url, { ...init, headers }).catch((error) => error));
  tell({ talk, answered: { ...asked, status: answer.status ?? 0 } });
  if (answer instanceof Response) return answer;
  throw answer;
};

async function load() {
  const folder = await mkdtemp(join(tmpdir(), "widget-"));
  const loader = await (await fetch(server + "/widget.js")).text();
  const [path] = /\/widget\/\w+(?=")/.exec(loader);
  const core = await (await fetch(server + path + "/talk.js")).text();
  await writeFile(join(folder, "talk.mjs"), core);
  return import(join(folder, "talk.mjs"));
}

const { Talk } = await load();
const talks = {};

const deeds = {
  open(name, { at = server, kept = "one", site = "default", language = "en" }) {
    const talk = (talks[name] = new Talk({
      ...{ server: at, site, language, storage: storage(kept), fetch: watched(name) },
    }));
    const show = (what) => {
      const { entries, state, site: shown, visitor } = talk;
      tell({ talk: name, what, shown: { entries, state, site: shown, visitor } });
    };
    talk.addEventListener("change", (event) => show(event.detail.what));
    for (const kind of ["message", "error"])
      talk.addEventListener(kind, (event) => tell({ talk: name, [kind]: event.detail }));
    show("open");
  },
  hide(name, hidden) {
    document.hidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  },
  happen: (name, event) => void page.dispatchEvent(new Event(event)),
  meet: (name, fault) => void faults.push(fault),
  kept: (name, kept) => [...storages[kept].values()].map((text) => JSON.parse(text)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { number, talk, deed, given } = JSON.parse(line);
  const done = (async () =>
    deed in deeds ? deeds[deed](talk, ...given) : talks[talk][deed](...given))();
  done.then(
    async (result) => tell({ number, result: result instanceof Blob ? await result.text() : result }),
    (error) => tell({ number, failed: String(error) }),
  );
}
process.exit(0);
