import { describe, expect, it } from "vitest";
import { cut, pieces, plain, PLAIN, repaints, settle } from "./ansi";

const looks = (line: string) => pieces(line).map(({ text, look }) => [text, look] as const);

describe("colours and weights", () => {
  it("leaves a plain line alone", () => {
    expect(pieces("ready on 0.0.0.0:8080")).toEqual([{ text: "ready on 0.0.0.0:8080", look: PLAIN }]);
    expect(pieces("")).toEqual([]);
  });

  it("knows the sixteen, and what ends them", () => {
    expect(looks("a\x1b[31mb\x1b[39mc\x1b[1;92;44md\x1b[0me")).toEqual([
      ["a", PLAIN],
      ["b", { ...PLAIN, ink: 1 }],
      ["c", PLAIN],
      ["d", { ...PLAIN, ink: 10, ground: 4, bold: true }],
      ["e", PLAIN],
    ]);
  });

  it("knows 256 colours and exact ones, with semicolons and with colons", () => {
    expect(looks("\x1b[38;5;9ma")[0]?.[1].ink).toBe(9);
    expect(looks("\x1b[38;5;196ma")[0]?.[1].ink).toEqual([255, 0, 0]);
    expect(looks("\x1b[48;5;244ma")[0]?.[1].ground).toEqual([128, 128, 128]);
    expect(looks("\x1b[38;2;1;2;300ma")[0]?.[1].ink).toEqual([1, 2, 255]);
    expect(looks("\x1b[38:2::10:20:30ma")[0]?.[1].ink).toEqual([10, 20, 30]);
    expect(looks("\x1b[38:5:21ma")[0]?.[1].ink).toEqual([0, 0, 255]);
    expect(looks("\x1b[38;2;1;2;3;1ma")[0]?.[1]).toEqual({ ...PLAIN, ink: [1, 2, 3], bold: true });
  });

  it("knows bold, dim, italic, underline, strike and inverse, on and off", () => {
    const on = {
      ...PLAIN,
      bold: true,
      dim: true,
      italic: true,
      underline: true,
      strike: true,
      inverse: true,
    };
    expect(looks("\x1b[1;2;3;4;7;9ma\x1b[22;23;24;27;29mb")).toEqual([
      ["a", on],
      ["b", PLAIN],
    ]);
    expect(looks("\x1b[4:3ma\x1b[4:0mb").map(([, look]) => look.underline)).toEqual([true, false]);
  });

  it("takes broken colours as none", () => {
    for (const code of ["38", "38;5", "38;2;1", "38;9;1", "48:2:1", "999", ";;"]) {
      expect(looks(`\x1b[${code}ma`)).toEqual([["a", PLAIN]]);
    }
  });
});

describe("what is no text", () => {
  it("drops moves, titles, links, charsets and what is cut off", () => {
    expect(plain("\x1b[2J\x1b[1;1Hhome\x1b[K")).toBe("home");
    expect(plain("\x1b]0;title\x07a\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\")).toBe("alink");
    expect(plain("\x1b(Ba\x1bPq#0\x1b\\b\x1b=c")).toBe("abc");
    expect(plain("a\x1b[38;5")).toBe("a");
    expect(plain("a\x1b]0;never ends")).toBe("a");
    expect(plain("\x9b31ma")).toBe("a");
    expect(plain("\x1b[?25la\x1b[>4;2mb")).toBe("ab");
  });

  it("makes control characters visible and harmless", () => {
    expect(plain("a\x00b\x7fc\x85d\te\x07f")).toBe("a␀b␡c\ufffdd\tef");
    expect(plain("ab\bc")).toBe("ac");
  });

  it("ends with any heap of beginnings", () => {
    // A pattern that tries each beginning up to the end of the line would take minutes here.
    const nasty = "\x1b]".repeat(40_000) + "\x1b[".repeat(40_000) + "\x1bP".repeat(40_000);
    expect(plain(`${nasty}\x1b[0mend`)).toContain("end");
  });
});

describe("carriage returns", () => {
  it("show the last state", () => {
    expect(settle("10%\r50%\r100%")).toBe("100%");
    expect(settle("10%\r50%\r100%\r")).toBe("100%");
    expect(settle("\r\x1b[K10%\r\x1b[K")).toBe("\x1b[K10%");
    expect(settle("done\r")).toBe("done");
    expect(settle("\r\r")).toBe("");
  });

  it("count what was painted over", () => {
    expect(repaints("10%\r50%\r100%\r")).toBe(2);
    expect(repaints("windows line\r")).toBe(0);
    expect(repaints("none")).toBe(0);
  });
});

describe("cutting", () => {
  it("keeps looks and counts the rest", () => {
    const all = pieces("abc\x1b[31mdef");
    expect(cut(all, 4)).toEqual({
      pieces: [
        { text: "abc", look: PLAIN },
        { text: "d", look: { ...PLAIN, ink: 1 } },
      ],
      left: 2,
    });
    expect(cut(all, 6).left).toBe(0);
  });

  it("tears no character apart", () => {
    expect(cut(pieces("a😀b"), 2)).toEqual({ pieces: [{ text: "a", look: PLAIN }], left: 3 });
  });
});
