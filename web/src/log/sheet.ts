// Draws the lines that can be seen, and some more on both sides, into a scrolling box; the rest are not in the page.
//
// Drawn by hand, not by a component: ten thousand lines a second have to become rows without a comparison of trees.
// What is above the view may grow, shrink or be replaced: the line at the top stays where it is on the screen.
// Invariant: never more than MOST_ROWS rows; text enters as text only.

import { cut, type Piece, pieces, repaints } from "./ansi";
import { paint } from "./colour";
import { day, type Line, type Times, time } from "./line";
import { type Span, split } from "./search";

/** Rows drawn before and after those that can be seen. */
const MARGIN = 120;
/** With less than this left, rows are drawn anew. */
const ENOUGH = 50;
/** Rows at most. */
export const MOST_ROWS = 600;
/** Characters of a line that are drawn; the rest is shown when asked for. */
export const MOST_DRAWN = 2000;
/** Nearer than this many lines to an end of what is held, more is asked for. */
const NEAR = 300;

/** How lines are drawn. */
export type Style = {
  times: Times;
  began: number;
  marks: ((text: string) => Span[]) | undefined;
  /** Lines that are picked, by number. */
  picked: { from: number; to: number } | undefined;
  /** The line with the hit that was jumped to. */
  hit: number | undefined;
};

/** What the reader does, told to the viewer. */
export type Calls = {
  older(): void;
  newer(): void;
  /** Scrolled up, away from the end. */
  up(): void;
  /** Scrolled to the very end. */
  end(): void;
  moved(): void;
  pick(n: number, extend: boolean): void;
  whole(line: Line): void;
};

type Row = { line: Line; element: HTMLElement; style: Style };

export class Sheet {
  #lines: readonly Line[] = [];
  #rows: Row[] = [];
  #from = 0;
  #style: Style = { times: "clock", began: 0, marks: undefined, picked: undefined, hit: undefined };
  #pinned = true;
  #ours = 0;
  #frame: number | undefined;
  #sizes: ResizeObserver;

  constructor(
    private readonly box: HTMLElement,
    private readonly list: HTMLElement,
    private readonly calls: Calls,
  ) {
    box.addEventListener("scroll", this.#scrolled, { passive: true });
    box.addEventListener("wheel", this.#wheeled, { passive: true });
    list.addEventListener("click", this.#clicked);
    this.#sizes = new ResizeObserver(() => this.#settle());
    this.#sizes.observe(box);
  }

  close(): void {
    this.box.removeEventListener("scroll", this.#scrolled);
    this.box.removeEventListener("wheel", this.#wheeled);
    this.list.removeEventListener("click", this.#clicked);
    this.#sizes.disconnect();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  /** The lines there are now, how they look, and whether the view is to be at their end. */
  show(lines: readonly Line[], style: Style, pinned: boolean): void {
    this.#lines = lines;
    this.#style = style;
    this.#pinned = pinned;
    if (pinned) this.#draw(lines.length - 1, "end");
    else this.#draw(this.#top()?.line, "keep");
  }

  /** Puts the line at a place of the lines in the upper part of the view. */
  reveal(place: number): void {
    this.#pinned = false;
    this.#draw(place, "reveal");
    this.calls.moved();
    this.#ask();
  }

  /** Scrolls by the height of what is seen, and by lines. */
  by(pages: number, lines: number): void {
    const height = this.#rows[0]?.element.offsetHeight ?? 0;
    this.box.scrollBy({ top: pages * (this.box.clientHeight - 40) + lines * height });
  }

  /** The number of the first line that can be seen, and of the last. */
  seen(): { first: number; last: number } {
    const top = this.#rowAt(this.box.scrollTop);
    const bottom = this.#rowAt(this.box.scrollTop + this.box.clientHeight - 1);
    return { first: this.#rows[top]?.line.n ?? 0, last: this.#rows[bottom]?.line.n ?? 0 };
  }

  readonly #scrolled = (): void => {
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    const atBottom = scrollTop + clientHeight >= scrollHeight - 2;
    // At the very bottom nobody has scrolled up: what is above became less high.
    if (this.#pinned && scrollTop < this.#ours - 2 && !atBottom) {
      this.#pinned = false;
      this.calls.up();
    } else if (!this.#pinned && scrollTop > this.#ours && atBottom) {
      this.#ours = scrollTop;
      if (this.#drawnToEnd()) this.calls.end();
    }
    if (!this.#pinned) this.#ours = scrollTop;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#settle();
    });
  };

  readonly #wheeled = (event: WheelEvent): void => {
    if (event.deltaY < 0 && this.#pinned && this.box.scrollHeight > this.box.clientHeight) {
      this.#pinned = false;
      this.calls.up();
    }
  };

  readonly #clicked = (event: MouseEvent): void => {
    if (!(event.target instanceof Element)) return;
    const row = event.target.closest<HTMLElement>("[data-at]");
    const line = this.#rows[Number(row?.dataset.at) - this.#from]?.line;
    if (!line) return;
    if (event.target.closest(".whole")) this.calls.whole(line);
    else if (event.target.closest(".n") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.calls.pick(line.n, event.shiftKey);
    }
  };

  #drawnToEnd(): boolean {
    return this.#from + this.#rows.length >= this.#lines.length;
  }

  // After scrolling or another size: enough rows on both sides, and more lines where they run out.
  #settle(): void {
    if (this.#pinned) {
      this.#toEnd();
    } else {
      const top = this.#rowAt(this.box.scrollTop);
      const bottom = this.#rowAt(this.box.scrollTop + this.box.clientHeight);
      const short = top < ENOUGH && this.#from > 0;
      const shortBelow = this.#rows.length - bottom < ENOUGH && !this.#drawnToEnd();
      if (short || shortBelow) this.#draw(this.#top()?.line, "keep");
    }
    this.calls.moved();
    this.#ask();
  }

  #ask(): void {
    if (this.#pinned) return;
    const top = this.#from + this.#rowAt(this.box.scrollTop);
    if (top < NEAR) this.calls.older();
    if (this.#lines.length - top < NEAR + MARGIN) this.calls.newer();
  }

  // The row at the top of the view, and where its line is among the lines now.
  #top(): { line: number; offset: number } | undefined {
    const row = this.#rows[this.#rowAt(this.box.scrollTop)];
    if (!row) return undefined;
    return { line: this.#placeOf(row.line), offset: row.element.offsetTop - this.box.scrollTop };
  }

  #placeOf(line: Line): number {
    // Numbers rise, so the search begins where the number is; pieces share one.
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle]?.n ?? 0) < line.n) low = middle + 1;
      else high = middle;
    }
    for (let at = low; this.#lines[at]?.n === line.n; at++) if (this.#lines[at] === line) return at;
    return Math.min(low, this.#lines.length - 1);
  }

  #rowAt(y: number): number {
    let [low, high] = [0, this.#rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#rows[middle]?.element.offsetTop ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  #draw(around: number | undefined, then: "end" | "keep" | "reveal"): void {
    const middle = Math.max(0, around ?? 0);
    const anchor = then === "keep" ? this.#top() : undefined;
    // A row is at least a text line high, so this many fill the view.
    const seen = Math.min(MOST_ROWS - 2 * MARGIN, Math.ceil(this.box.clientHeight / 16) + 1);
    const from = Math.max(0, then === "end" ? this.#lines.length - seen - ENOUGH : middle - MARGIN);
    const to = Math.min(this.#lines.length, then === "end" ? this.#lines.length : middle + seen + MARGIN);
    this.#replace(from, to);
    if (then === "end") this.#toEnd();
    else if (then === "reveal") {
      const row = this.#rows[middle - this.#from]?.element;
      if (row) this.#scrollTo(row.offsetTop - this.box.clientHeight / 3);
    } else if (anchor) {
      const row = this.#rows[anchor.line - this.#from]?.element;
      if (row) this.#scrollTo(row.offsetTop - anchor.offset);
    }
  }

  #toEnd(): void {
    this.#scrollTo(this.box.scrollHeight);
  }

  #scrollTo(top: number): void {
    if (Math.abs(this.box.scrollTop - top) >= 1) this.box.scrollTop = top;
    this.#ours = this.box.scrollTop;
  }

  // The rows of lines `from` to `to`. Those that stay keep their elements, so a selection in them stays, too.
  #replace(from: number, to: number): void {
    const old = new Map<Line, Row>();
    for (const row of this.#rows) old.set(row.line, row);
    const rows: Row[] = [];
    for (let at = from; at < to; at++) {
      const line = this.#lines[at];
      if (!line) continue;
      const was = old.get(line);
      if (was && alike(was.style, this.#style, line)) {
        old.delete(line);
        was.style = this.#style;
        rows.push(was);
      } else {
        rows.push({ line, element: row(line, this.#lines[at - 1], this.#style), style: this.#style });
      }
    }
    for (const gone of old.values()) gone.element.remove();
    let next = this.list.firstElementChild;
    let fresh: DocumentFragment | undefined;
    for (const [i, { element }] of rows.entries()) {
      element.dataset.at = String(from + i);
      if (element === next) {
        if (fresh) this.list.insertBefore(fresh, next);
        fresh = undefined;
        next = next.nextElementSibling;
      } else {
        (fresh ??= document.createDocumentFragment()).append(element);
      }
    }
    if (fresh) this.list.append(fresh);
    this.#rows = rows;
    this.#from = from;
  }
}

// Whether a row drawn in one style looks the same in another.
function alike(was: Style, now: Style, line: Line): boolean {
  if (was === now) return true;
  const within = (style: Style): boolean =>
    style.picked !== undefined && line.n >= style.picked.from && line.n <= style.picked.to;
  return (
    was.times === now.times &&
    was.began === now.began &&
    was.marks === now.marks &&
    within(was) === within(now) &&
    (was.hit === line.n) === (now.hit === line.n)
  );
}

function tag(name: string, kind: string, text?: string): HTMLElement {
  const element = document.createElement(name);
  element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The row of a line. */
export function row(line: Line, before: Line | undefined, style: Style): HTMLElement {
  const element = tag("div", "row");
  if (line.stderr) element.classList.add("err");
  if (line.piece) element.classList.add("piece");
  if (style.picked && line.n >= style.picked.from && line.n <= style.picked.to)
    element.classList.add("picked");
  if (style.hit === line.n) element.classList.add("hit");
  if (line.missing > 0) element.append(tag("div", "gap", `${bytes(line.missing)} not kept here`));
  if (style.times === "clock" && before && day(before) !== day(line))
    element.append(tag("div", "day", day(line)));
  const number = tag("a", "n", line.piece ? "⋯" : String(line.n));
  number.setAttribute("tabindex", "-1");
  number.setAttribute("href", `?line=${line.n}`);
  element.append(number);
  if (style.times !== "off") {
    const shown = tag("time", "t", line.piece ? "" : time(line, style.times, style.began));
    if (!line.piece) shown.title = new Date(line.at).toISOString();
    element.append(shown);
  }
  element.append(tag("span", "s", line.stderr ? "err" : ""));
  element.append(text(line, style));
  return element;
}

function text(line: Line, style: Style): HTMLElement {
  const all = pieces(line.text);
  const { pieces: drawn, left } = cut(all, MOST_DRAWN);
  const shown = tag("span", "x");
  const spans = style.marks?.(drawn.map((piece) => piece.text).join("")) ?? [];
  let at = 0;
  for (const piece of drawn) {
    draw(shown, piece, at, spans);
    at += piece.text.length;
  }
  const painted = repaints(line.text);
  if (left > 0) shown.append(whole(`… ${left.toLocaleString("en")} more characters`));
  else if (painted > 0)
    shown.append(whole(`${painted.toLocaleString("en")} earlier ${painted === 1 ? "state" : "states"}`));
  return shown;
}

function whole(words: string): HTMLElement {
  const button = tag("button", "whole", words);
  button.setAttribute("type", "button");
  button.title = "Show the whole line";
  return button;
}

function draw(into: HTMLElement, piece: Piece, at: number, spans: readonly Span[]): void {
  const { look } = piece;
  const { ink, ground } = paint(look.ink, look.ground, look.inverse, look.dim);
  const kinds = [
    ink ? "ink" : "",
    ground ? "ground" : "",
    look.bold ? "b" : "",
    look.italic ? "i" : "",
    look.underline ? "u" : "",
    look.strike ? "k" : "",
  ].filter(Boolean);
  for (const part of spans.length > 0
    ? split(piece.text, at, spans)
    : [{ text: piece.text, marked: false }]) {
    if (kinds.length === 0 && !part.marked) {
      into.append(part.text);
      continue;
    }
    const element = tag(part.marked ? "mark" : "span", kinds.join(" "), part.text);
    // Through the object model: the page's policy forbids style attributes.
    if (ink) {
      element.style.setProperty("--il", ink.light);
      element.style.setProperty("--id", ink.dark);
    }
    if (ground) {
      element.style.setProperty("--gl", ground.light);
      element.style.setProperty("--gd", ground.dark);
    }
    into.append(element);
  }
}

/** Draws pieces without marks: the whole of a line. */
export function drawAll(into: HTMLElement, all: Piece[]): void {
  for (const piece of all) draw(into, piece, 0, []);
}

/** `1.5 MiB`. */
export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let size = n / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
