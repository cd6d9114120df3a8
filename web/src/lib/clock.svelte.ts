// One ticking clock for every relative time on the page. It stands still while nobody looks.
class Clock {
  now: number = $state(Date.now());

  constructor() {
    if (typeof document === "undefined") return;
    const tick = () => {
      if (!document.hidden) this.now = Date.now();
    };
    setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
  }
}

export const time = new Clock();
