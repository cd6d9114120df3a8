import { expect, test } from "vitest";
import { Pages, type Page } from "./pages.svelte";

interface Row {
  id: string;
}

/** A daemon with rows, newest first, that gives three at once. */
class Far {
  asked: (string | undefined)[] = [];
  broken = false;
  hidden = new Set<string>();

  constructor(public ids: string[]) {}

  ask = async (before: string | undefined): Promise<Page<Row>> => {
    this.asked.push(before);
    if (this.broken) throw new Error("gone");
    const from = before === undefined ? 0 : this.ids.indexOf(before) + 1;
    const page = this.ids.slice(from, from + 3);
    const next = page.length === 3 ? (page[2] ?? null) : null;
    return { rows: page.filter((id) => !this.hidden.has(id)).map((id) => ({ id })), next };
  };
}

const ids = (pages: Pages<Row>) => pages.rows.map((row) => row.id).join("");

test("pages are read back to the end, and what is new is put before them", async () => {
  const far = new Far([..."hgfedcb"]);
  const pages = new Pages<Row>(far.ask);
  await pages.begin();
  expect([ids(pages), pages.more]).toEqual(["hgf", true]);
  await pages.older();
  far.ids = ["i", ...far.ids];
  await pages.head();
  expect([ids(pages), pages.more]).toEqual(["ihgfedc", true]);
  await pages.older();
  expect([ids(pages), pages.more]).toEqual(["ihgfedcb", false]);
  expect(far.asked).toEqual([undefined, "f", undefined, "c"]);
});

test("when more is new than a page, the list begins anew without a gap", async () => {
  const far = new Far([..."dcba"]);
  const pages = new Pages<Row>(far.ask);
  await pages.begin();
  await pages.older();
  far.ids = [..."zyxw", ...far.ids];
  await pages.head();
  expect([ids(pages), pages.more]).toEqual(["zyx", true]);
  await pages.older();
  expect(ids(pages)).toBe("zyxwdc");
});

test("the head is asked for once by all who wait, and a new question overtakes what was asked", async () => {
  const far = new Far([..."dcba"]);
  const pages = new Pages<Row>(far.ask);
  await Promise.all([pages.head(), pages.head()]);
  expect(far.asked).toEqual([undefined]);
  const older = pages.older();
  const begun = pages.begin();
  await Promise.all([older, begun]);
  expect(ids(pages)).toBe("dcb");
});

test("a page of which nothing may be seen is passed over, and keeps what is known", async () => {
  const far = new Far([..."gfedcba"]);
  far.hidden = new Set([..."gfe"]);
  const pages = new Pages<Row>(far.ask);
  await pages.begin();
  expect(ids(pages)).toBe("dcb");
  await pages.head();
  expect([ids(pages), pages.more]).toEqual(["dcb", true]);
});

test("a failure says so, keeps what is known, and the same page can be asked for again", async () => {
  const far = new Far([..."dcba"]);
  const pages = new Pages<Row>(far.ask);
  await pages.begin();
  far.broken = true;
  await pages.older();
  expect([ids(pages), pages.problem?.message, pages.loading]).toEqual(["dcb", "gone", false]);
  far.broken = false;
  await pages.older();
  expect([ids(pages), pages.problem, pages.more]).toEqual(["dcba", undefined, false]);
});

test("when a new question fails, the answer to the old one is not shown as its", async () => {
  const far = new Far([..."dcba"]);
  const pages = new Pages<Row>(far.ask);
  await pages.begin();
  far.broken = true;
  await pages.begin();
  expect([ids(pages), pages.known, pages.more, pages.problem?.message]).toEqual(["", false, false, "gone"]);
});
