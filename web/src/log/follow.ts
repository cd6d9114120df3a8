// Whether the view goes along with the end of a log, and how many lines have come that the reader hasn't seen.
//
// | state     | scrolled up | reached the end | asked (f, the button) | lines come   |
// | ---       | ---         | ---             | ---                   | ---          |
// | following | reading     | –               | reading               | view goes on |
// | reading   | –           | following       | following             | counted      |
//
// Pure; tests are in follow.test.ts.

/** Goes along, or stands still with so many new lines below. */
export type Follow = { on: boolean; fresh: number };

/** What happens to it. */
export type Happening =
  { type: "up" } | { type: "end" } | { type: "asked" } | { type: "lines"; count: number };

/** What it is afterwards. */
export function follow(now: Follow, what: Happening): Follow {
  switch (what.type) {
    case "up":
      return now.on ? { on: false, fresh: 0 } : now;
    case "end":
      return now.on ? now : { on: true, fresh: 0 };
    case "asked":
      return { on: !now.on, fresh: 0 };
    case "lines":
      return now.on ? now : { on: false, fresh: now.fresh + what.count };
  }
}
