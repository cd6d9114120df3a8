// Colours of terminals, made readable on both of our backgrounds.
//
// A program picks its colours for a terminal it imagines; here they meet a light and a dark page. Each colour becomes
// a pair, moved towards black or white only as far as reading needs. Pure; tests are in colour.test.ts.

/** Red, green and blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

/** A colour as a program asked for it: one of the sixteen by number, or exact. */
export type Colour = number | Rgb;

/** What a colour is on the light and on the dark page, as `#rrggbb`. */
export type Pair = { light: string; dark: string };

/** What text has to reach against what is behind it (WCAG AA). */
const READABLE = 4.5;

/** The sheets that text lies on; app.css has the same values as `--log-sheet`. */
export const SHEET: { light: Rgb; dark: Rgb } = { light: [255, 255, 255], dark: [15, 17, 21] };
/** The ink of text that asks for no colour; `--log-ink`. */
export const INK: { light: Rgb; dark: Rgb } = { light: [31, 35, 41], dark: [214, 219, 227] };

// Black, red, green, yellow, blue, magenta, cyan, white, then the bright ones.
const SIXTEEN: { light: readonly Rgb[]; dark: readonly Rgb[] } = {
  light: [
    [36, 41, 47],
    [187, 32, 43],
    [24, 117, 54],
    [140, 92, 0],
    [9, 95, 196],
    [140, 58, 178],
    [14, 115, 128],
    [101, 109, 118],
    [101, 109, 118],
    [212, 45, 55],
    [26, 127, 60],
    [154, 103, 0],
    [33, 118, 224],
    [164, 78, 204],
    [20, 130, 144],
    [60, 66, 74],
  ],
  dark: [
    [125, 133, 144],
    [255, 123, 114],
    [98, 196, 108],
    [222, 170, 60],
    [106, 174, 255],
    [208, 150, 255],
    [86, 203, 214],
    [201, 207, 214],
    [145, 152, 161],
    [255, 161, 152],
    [130, 220, 140],
    [240, 200, 100],
    [140, 195, 255],
    [226, 184, 255],
    [126, 226, 235],
    [245, 247, 250],
  ],
};

/** The colour that number `n` (0 to 255) of a terminal's table stands for. */
export function xterm(n: number): Colour {
  if (n < 16) return n;
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10;
    return [grey, grey, grey];
  }
  const step = (k: number): number => (k === 0 ? 0 : 55 + k * 40);
  const cube = n - 16;
  return [step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6)];
}

function luminance([r, g, b]: Rgb): number {
  const part = (v: number): number => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}

/** The contrast of two colours, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const one = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * share);
  return [one(0), one(1), one(2)];
}

/** `text`, moved towards black or white until it can be read on `behind`. */
export function readable(text: Rgb, behind: Rgb): Rgb {
  if (contrast(text, behind) >= READABLE) return text;
  const goal: Rgb =
    contrast([255, 255, 255], behind) >= contrast([0, 0, 0], behind) ? [255, 255, 255] : [0, 0, 0];
  for (let share = 0.08; share < 1; share += 0.08) {
    const nearer = mix(text, goal, share);
    if (contrast(nearer, behind) >= READABLE) return nearer;
  }
  return goal;
}

const hex = ([r, g, b]: Rgb): string => `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`;

const exact = (colour: Colour | null, theme: "light" | "dark", otherwise: Rgb): Rgb =>
  colour === null ? otherwise : typeof colour === "number" ? (SIXTEEN[theme][colour] ?? otherwise) : colour;

/** How a stretch of text is painted; null where the sheet or the ordinary ink shows. */
export type Paint = { ink: Pair | null; ground: Pair | null };

function one(
  ink: Colour | null,
  ground: Colour | null,
  swap: boolean,
  dim: boolean,
  theme: "light" | "dark",
): [Rgb, Rgb] {
  let front = exact(ink, theme, INK[theme]);
  let back = exact(ground, theme, SHEET[theme]);
  if (swap) [front, back] = [back, front];
  if (dim) front = mix(front, back, 0.35);
  return [readable(front, back), back];
}

const known = new Map<string, Paint>();

/** The paint for what a program asked for. Remembered, for the same few come again and again. */
export function paint(ink: Colour | null, ground: Colour | null, swap: boolean, dim: boolean): Paint {
  if (ink === null && ground === null && !swap && !dim) return { ink: null, ground: null };
  const key = `${ink ?? ""};${ground ?? ""};${swap};${dim}`;
  const before = known.get(key);
  if (before) return before;
  const [lightInk, lightBack] = one(ink, ground, swap, dim, "light");
  const [darkInk, darkBack] = one(ink, ground, swap, dim, "dark");
  const made: Paint = {
    ink: { light: hex(lightInk), dark: hex(darkInk) },
    ground: ground === null && !swap ? null : { light: hex(lightBack), dark: hex(darkBack) },
  };
  // A rainbow of exact colours must not fill the memory.
  if (known.size >= 4096) known.clear();
  known.set(key, made);
  return made;
}
