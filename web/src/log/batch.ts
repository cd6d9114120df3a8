// Lines that come one by one are handed on once per frame, so that a flood costs a frame and not the page.
//
// Bounded: a tab in the background gets no frames, so beyond a number the oldest waiting lines are forgotten and only
// counted; the reader fetches them again if somebody scrolls there. Tests are in batch.test.ts.

/** Hands on what gathered since the last frame. */
export class Batch<T> {
  #waiting: T[] = [];
  #forgotten = 0;
  #frame: number | undefined;

  constructor(
    private readonly most: number,
    private readonly hand: (items: T[], forgotten: number) => void,
    private readonly request: (run: () => void) => number = (run) => requestAnimationFrame(run),
    private readonly cancel: (frame: number) => void = (frame) => cancelAnimationFrame(frame),
  ) {}

  /** One more. */
  add(item: T): void {
    this.#waiting.push(item);
    // Twice the bound before cutting: cutting at each one would copy all of them each time.
    if (this.#waiting.length >= this.most * 2) {
      this.#forgotten += this.#waiting.length - this.most;
      this.#waiting = this.#waiting.slice(-this.most);
    }
    this.#frame ??= this.request(() => this.flush());
  }

  /** Hands on now. */
  flush(): void {
    if (this.#frame !== undefined) this.cancel(this.#frame);
    this.#frame = undefined;
    if (this.#waiting.length === 0) return;
    let items = this.#waiting;
    let forgotten = this.#forgotten;
    if (items.length > this.most) {
      forgotten += items.length - this.most;
      items = items.slice(-this.most);
    }
    this.#waiting = [];
    this.#forgotten = 0;
    this.hand(items, forgotten);
  }

  /** Forgets what waits. */
  drop(): void {
    if (this.#frame !== undefined) this.cancel(this.#frame);
    this.#frame = undefined;
    this.#waiting = [];
    this.#forgotten = 0;
  }
}
