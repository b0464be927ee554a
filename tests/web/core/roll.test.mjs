/** What the screen shows of the events that come, in whatever order and however often they do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Roll } from "../../../channels/web/widget/roll.js";

const piece = (length, from, ...blocks) => ({ turn: "t1", length, from, blocks });
const answer = (seq, turn) => ({
  ...{ seq, turn, author: "bot", at: 1, blocks: ["whole"], sources: [], answers: seq - 1 },
});
const question = (seq, id) => ({ seq, id, author: "customer", at: 1, blocks: ["?"], sources: [] });
const texts = (roll) => roll.entries.map(({ blocks }) => blocks.join("|"));

function made() {
  const changes = [];
  const roll = new Roll((change) => changes.push(change));
  return Object.assign(roll, { changes });
}

test("pieces are put together behind the blocks that stay", () => {
  const roll = made();
  assert.ok(roll.piece(piece(3, 0, "one", "tw")));
  assert.ok(roll.piece(piece(6, 1, "two", "three")));
  assert.deepEqual(texts(roll), ["one|two|three"]);
});

test("a piece that is here already changes nothing", () => {
  const roll = made();
  roll.piece(piece(6, 0, "one", "two"));
  const before = roll.changes.length;
  assert.ok(roll.piece(piece(3, 0, "one")));
  assert.ok(roll.piece(piece(6, 0, "one", "two")));
  assert.equal(roll.changes.length, before);
  assert.deepEqual(texts(roll), ["one|two"]);
});

test("a piece whose beginning is missing is not shown, and said to be", () => {
  const roll = made();
  assert.equal(roll.piece(piece(9, 2, "three")), false);
  assert.deepEqual(roll.entries, []);
});

test("another stream tells the answer anew, even if it knows less of it", () => {
  const roll = made();
  roll.piece(piece(6, 0, "one", "two"));
  roll.begin();
  roll.piece(piece(3, 0, "one"));
  assert.deepEqual(texts(roll), ["one"]);
});

test("what is withdrawn goes, and a shorter text takes its place", () => {
  const roll = made();
  roll.piece(piece(60, 0, "wrong"));
  roll.withdrawn();
  assert.deepEqual(roll.entries, []);
  roll.piece(piece(5, 0, "right"));
  assert.deepEqual(texts(roll), ["right"]);
});

test("a message takes the place of the answer that was being written, under its key", () => {
  const roll = made();
  roll.message(question(1, "q1"));
  roll.piece(piece(3, 0, "wh"));
  const { key } = roll.entries[1];
  assert.ok(roll.message(answer(2, "t1")));
  assert.deepEqual(texts(roll), ["?", "whole"]);
  assert.equal(roll.entries[1].key, key);
  assert.ok(roll.piece(piece(9, 0, "late")));
  assert.deepEqual(texts(roll), ["?", "whole"]);
});

test("what another turn was writing goes when the bot has answered", () => {
  const roll = made();
  roll.piece(piece(3, 0, "left behind"));
  roll.message(answer(2, "t2"));
  assert.deepEqual(texts(roll), ["whole"]);
});

test("a message that comes twice is news once", () => {
  const roll = made();
  assert.ok(roll.message(answer(2, "t1")));
  const before = roll.changes.length;
  assert.equal(roll.message(answer(2, "t1")), undefined);
  assert.equal(roll.changes.length, before);
});

test("messages stand by their number, whatever came first", () => {
  const roll = made();
  roll.unsent({ id: "q3", conversation: "", text: "three", at: 5 });
  roll.message(answer(2, "t1"));
  roll.message(question(1, "q1"));
  roll.accepted({ id: "q3", seq: 3 });
  assert.deepEqual(roll.entries.map(({ seq }) => seq), [1, 2, 3]);
});

test("the bot owes an answer until it has given it, or a person has taken over", () => {
  const roll = made();
  roll.message(question(1, "q1"));
  assert.equal(roll.working, true);
  roll.state({ owner: "operator", asked: 1, answered: 0, read: 0 });
  assert.equal(roll.working, false);
  roll.state({ owner: "bot", asked: 1, answered: 0, read: 0 });
  roll.message(answer(2, "t1"));
  assert.equal(roll.working, false);
  roll.accepted({ id: "q3", seq: 3 });
  roll.state({ owner: "bot", asked: 1, answered: 1, read: 0 });
  assert.equal(roll.working, true);
});

test("what a person took over is no longer being written", () => {
  const roll = made();
  roll.piece(piece(3, 0, "half"));
  roll.state({ owner: "operator", asked: 1, answered: 0, read: 0 });
  assert.deepEqual(roll.entries, []);
});

test("an unsent text is shown in its lines and paragraphs", () => {
  const roll = made();
  roll.unsent({ id: "q", conversation: "", text: "a\nb\n\nc ", at: 1 });
  assert.deepEqual(roll.entries[0].blocks, [["p", "a", ["br"], "b"], ["p", "c"]]);
});
