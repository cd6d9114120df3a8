// The escapes of terminals in one line of output: colours and weights are understood, everything else is dropped.
//
// A line stands alone: what the line before left switched on does not reach into it, for the reader may come from
// anywhere. Carriage returns show what a terminal would be left with, control characters are made visible. Pure;
// tests are in ansi.test.ts.

import { type Colour, xterm } from "./colour";

/** How a stretch of text looks. */
export type Look = {
  ink: Colour | null;
  ground: Colour | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
};

/** Text of one look. */
export type Piece = { text: string; look: Look };

export const PLAIN: Look = Object.freeze({
  ink: null,
  ground: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
});

// ESC [ … letter; ESC ] … BEL or ESC \ (titles, links); ESC P, X, ^, _ … ESC \ ; ESC with one more; the 8-bit CSI.
// Every part is a class with a bound set of ends, so the time is linear in the text.
const ESCAPE =
  /(?:\x1b\[|\x9b)([0-9:;<=>?]*)[ -/]*([@-~]|$)|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\|$)|\x1b[PX^_][^\x1b\n]*(?:\x1b\\|$)|\x1b[ -/]*[0-~]|\x1b/g;

/** The pieces of a line, and how many states of a progress bar were painted over. */
export function pieces(line: string): Piece[] {
  const raw = settle(line);
  if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(raw)) return raw === "" ? [] : [{ text: raw, look: PLAIN }];
  const found: Piece[] = [];
  let look = PLAIN;
  let at = 0;
  const add = (text: string): void => {
    if (text === "") return;
    const last = found.at(-1);
    if (last && last.look === look) last.text += text;
    else found.push({ text, look });
  };
  for (const match of raw.matchAll(ESCAPE)) {
    add(visible(raw.slice(at, match.index)));
    at = match.index + match[0].length;
    if (match[2] === "m" && !/[<=>?]/.test(match[1] ?? "")) look = style(look, match[1] ?? "");
  }
  add(visible(raw.slice(at)));
  return found;
}

/** The text alone, as it is shown. */
export function plain(line: string): string {
  return pieces(line)
    .map((piece) => piece.text)
    .join("");
}

/** What is left when the cursor went back to the beginning of the line: the last state that shows anything. */
export function settle(line: string): string {
  if (!line.includes("\r")) return line;
  const states = line.split("\r");
  for (let i = states.length - 1; i >= 0; i--) {
    const state = states[i] ?? "";
    if (state.replace(ESCAPE, "").trim() !== "") return state;
  }
  return "";
}

/** How many states were painted over on the way to the last one. */
export function repaints(line: string): number {
  if (!line.includes("\r")) return 0;
  return Math.max(0, line.split("\r").filter((state) => state.trim() !== "").length - 1);
}

// A backspace takes back the character before it; others that would act on a terminal become their picture.
function visible(text: string): string {
  if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text)) return text;
  let shown = "";
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (char === "\b") shown = shown.slice(0, -1);
    else if (char === "\x07") continue;
    else if (char === "\t" || code > 0x9f) shown += char;
    else if (code < 0x20) shown += String.fromCharCode(0x2400 + code);
    else if (code === 0x7f) shown += "\u2421";
    else if (code > 0x7f) shown += "\ufffd";
    else shown += char;
  }
  return shown;
}

function style(before: Look, codes: string): Look {
  const look = { ...before };
  // `38:2::r:g:b` and `38;2;r;g;b` say the same.
  const words = codes.split(";");
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word.includes(":")) {
      const parts = word.split(":").map(Number);
      if (parts[0] === 38 || parts[0] === 48) put(look, parts[0], extended(parts.slice(1), true)?.colour);
      else if (parts[0] === 4) look.underline = parts[1] !== 0;
      continue;
    }
    const code = word === "" ? 0 : Number(word);
    if (code === 38 || code === 48) {
      const rest = words.slice(i + 1, i + 5).map(Number);
      const told = extended(rest, false);
      put(look, code, told?.colour);
      i += told?.used ?? words.length;
      continue;
    }
    simple(look, code);
  }
  return same(look, PLAIN) ? PLAIN : look;
}

function put(look: Look, code: 38 | 48, colour: Colour | undefined): void {
  if (colour === undefined) return;
  if (code === 38) look.ink = colour;
  else look.ground = colour;
}

function extended(parts: number[], colons: boolean): { colour: Colour; used: number } | undefined {
  const byte = (v: number | undefined): number => Math.min(255, Math.max(0, Math.trunc(v ?? 0) || 0));
  if (parts[0] === 5 && parts.length > 1) return { colour: xterm(byte(parts[1])), used: 2 };
  if (parts[0] === 2) {
    // With colons a colour space may stand before the three.
    const three = colons && parts.length > 4 ? parts.slice(2, 5) : parts.slice(1, 4);
    if (three.length === 3) return { colour: [byte(three[0]), byte(three[1]), byte(three[2])], used: 4 };
  }
  return undefined;
}

function simple(look: Look, code: number): void {
  switch (code) {
    case 0:
      Object.assign(look, PLAIN);
      break;
    case 1:
      look.bold = true;
      break;
    case 2:
      look.dim = true;
      break;
    case 3:
      look.italic = true;
      break;
    case 4:
    case 21:
      look.underline = true;
      break;
    case 7:
      look.inverse = true;
      break;
    case 9:
      look.strike = true;
      break;
    case 22:
      look.bold = false;
      look.dim = false;
      break;
    case 23:
      look.italic = false;
      break;
    case 24:
      look.underline = false;
      break;
    case 27:
      look.inverse = false;
      break;
    case 29:
      look.strike = false;
      break;
    case 39:
      look.ink = null;
      break;
    case 49:
      look.ground = null;
      break;
    default:
      if (code >= 30 && code <= 37) look.ink = code - 30;
      else if (code >= 40 && code <= 47) look.ground = code - 40;
      else if (code >= 90 && code <= 97) look.ink = code - 82;
      else if (code >= 100 && code <= 107) look.ground = code - 92;
  }
}

function same(a: Look, b: Look): boolean {
  return (Object.keys(a) as (keyof Look)[]).every((key) => a[key] === b[key]);
}

/** The beginning of some pieces, at most `most` characters, and how many are left out. */
export function cut(all: Piece[], most: number): { pieces: Piece[]; left: number } {
  let room = most;
  const kept: Piece[] = [];
  let left = 0;
  for (const piece of all) {
    if (piece.text.length <= room) {
      kept.push(piece);
      room -= piece.text.length;
      continue;
    }
    // A pair of surrogates is not torn apart.
    let end = room;
    const code = piece.text.charCodeAt(end - 1);
    if (end > 0 && code >= 0xd800 && code <= 0xdbff) end -= 1;
    if (end > 0) kept.push({ text: piece.text.slice(0, end), look: piece.look });
    left += piece.text.length - end;
    room = 0;
  }
  return { pieces: kept, left };
}
