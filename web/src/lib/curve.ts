// The geometry of curves. Pure; tests beside it.

export interface Point {
  at: number;
  value: number;
}

export interface Frame {
  from: number;
  until: number;
  /** The value at the top; the bottom is 0. */
  top: number;
  width: number;
  height: number;
}

/** The path of a line; it is interrupted where more than `gap` ms lie between two points. */
export function line(points: Point[], frame: Frame, gap: number): string {
  let path = "";
  let before = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    path += `${point.at - before > gap ? "M" : "L"}${x(point.at, frame)} ${y(point.value, frame)}`;
    before = point.at;
  }
  return path;
}

/** The same down to the ground, closed. */
export function area(points: Point[], frame: Frame, gap: number): string {
  const pieces: Point[][] = [];
  for (const point of points) {
    const piece = pieces.at(-1);
    const last = piece?.at(-1);
    if (piece && last && point.at - last.at <= gap) piece.push(point);
    else pieces.push([point]);
  }
  return pieces
    .filter((piece) => piece.length > 1)
    .map((piece) => {
      const first = piece[0] as Point;
      const last = piece.at(-1) as Point;
      return `${line(piece, frame, gap)}L${x(last.at, frame)} ${frame.height}L${x(first.at, frame)} ${frame.height}Z`;
    })
    .join("");
}

const round = (n: number): number => Math.round(n * 10) / 10;
export const x = (at: number, { from, until, width }: Frame): number =>
  round(until > from ? ((at - from) / (until - from)) * width : width);
export const y = (value: number, { top, height }: Frame): number =>
  round(height - (top > 0 ? Math.min(1, Math.max(0, value / top)) * (height - 2) : 0));

/** The next round number: 1, 2 or 5 times a power of ten. */
export function ceiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}

/** The point nearest to a moment. */
export function nearest(points: Point[], at: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points) if (!best || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  return best;
}
