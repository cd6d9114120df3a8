// Pictures small enough for a repository: a PNG of the browser becomes one with at most 256 colours.
//
// A page has few colours and their mixtures at the edges of letters, so the commonest stand for their neighbours
// without anybody seeing it. Pure.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/** The picture with a palette. It has to be of 8 bits, with red, green, blue and perhaps alpha, as browsers make them. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = chosen(counts);
  const near = new Map<number, number>();
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = pixels[y * width + x] ?? 0;
      let index = near.get(colour);
      if (index === undefined) {
        index = nearest(palette, colour);
        near.set(colour, index);
      }
      rows[y * (width + 1) + 1 + x] = index;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", head),
    chunk("PLTE", table),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

// The commonest colours, each at some distance from those before it, so that a rare one has a place, too.
function chosen(counts: Map<number, number>): number[] {
  const common = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  for (const apart of [0, 12, 48, 108, 192, 300, 432, 768]) {
    const palette: number[] = [];
    for (const colour of common) {
      if (palette.length > 256) break;
      if (palette.every((other) => distance(other, colour) > apart)) palette.push(colour);
    }
    if (palette.length <= 256) return palette;
  }
  return common.slice(0, 256);
}

function distance(a: number, b: number): number {
  const [r, g, blue] = [(a >> 16) - (b >> 16), ((a >> 8) & 255) - ((b >> 8) & 255), (a & 255) - (b & 255)];
  return r * r + g * g + blue * blue;
}

function nearest(palette: number[], colour: number): number {
  let [best, least] = [0, Infinity];
  for (const [i, other] of palette.entries()) {
    const far = distance(other, colour);
    if (far < least) [best, least] = [i, far];
  }
  return best;
}

function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  let [width, height, size] = [0, 0, 4];
  const data: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (kind === "IHDR") {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      if (body[8] !== 8 || (body[9] !== 2 && body[9] !== 6) || body[12] !== 0)
        throw new Error("not a browser's PNG");
      size = body[9] === 2 ? 3 : 4;
    } else if (kind === "IDAT") data.push(body);
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * size;
  const lines = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) unfilter(raw, lines, y, stride, size);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] =
      ((lines[i * size] ?? 0) << 16) | ((lines[i * size + 1] ?? 0) << 8) | (lines[i * size + 2] ?? 0);
  }
  return { width, height, pixels };
}

// The five filters of the PNG specification, section 9.
function unfilter(raw: Buffer, lines: Buffer, y: number, stride: number, size: number): void {
  const filter = raw[y * (stride + 1)];
  for (let x = 0; x < stride; x++) {
    const left = x >= size ? (lines[y * stride + x - size] ?? 0) : 0;
    const above = y > 0 ? (lines[(y - 1) * stride + x] ?? 0) : 0;
    const corner = x >= size && y > 0 ? (lines[(y - 1) * stride + x - size] ?? 0) : 0;
    const byte = raw[y * (stride + 1) + 1 + x] ?? 0;
    const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0;
    lines[y * stride + x] = (byte + guess) & 255;
  }
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function chunk(kind: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}
