import { describe, expect, it } from "vitest";
import { type Colour, contrast, INK, paint, type Rgb, SHEET, xterm } from "./colour";

const rgb = (hex: string): Rgb => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as unknown as Rgb;

describe("the table of 256", () => {
  it("is that of xterm", () => {
    expect(xterm(15)).toBe(15);
    expect(xterm(16)).toEqual([0, 0, 0]);
    expect(xterm(110)).toEqual([135, 175, 215]);
    expect(xterm(231)).toEqual([255, 255, 255]);
    expect(xterm(232)).toEqual([8, 8, 8]);
    expect(xterm(255)).toEqual([238, 238, 238]);
  });
});

describe("every colour can be read", () => {
  const asked: Colour[] = Array.from({ length: 256 }, (_, n) => xterm(n));

  it("on either sheet, dim ones too", () => {
    for (const ink of asked) {
      for (const dim of [false, true]) {
        const pair = paint(ink, null, false, dim).ink;
        if (!pair) throw new Error("no paint");
        expect(contrast(rgb(pair.light), SHEET.light)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(rgb(pair.dark), SHEET.dark)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("on every ground, and turned round", () => {
    for (const ground of asked) {
      for (const ink of [null, 0, 7, 15, ground]) {
        for (const swap of [false, true]) {
          const made = paint(ink, ground, swap, false);
          if (!made.ink || !made.ground) throw new Error("no paint");
          expect(contrast(rgb(made.ink.light), rgb(made.ground.light))).toBeGreaterThanOrEqual(4.5);
          expect(contrast(rgb(made.ink.dark), rgb(made.ground.dark))).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });

  it("and what needs no help stays as it was asked for", () => {
    expect(paint([200, 0, 0], null, false, false).ink?.light).toBe("#c80000");
    expect(paint(null, null, false, false)).toEqual({ ink: null, ground: null });
    expect(contrast(INK.light, SHEET.light)).toBeGreaterThan(7);
    expect(contrast(INK.dark, SHEET.dark)).toBeGreaterThan(7);
  });
});
