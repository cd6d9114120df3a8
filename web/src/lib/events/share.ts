// How a tab comes by the one connection: the shared worker where there are such, else the tabs elect a leader among
// themselves (Web Locks) that holds it and passes on what it hears (BroadcastChannel).
import { Hub, type Asked, type Told } from "./hub";

export interface Share {
  retry(): void;
}

export function share(url: string, hear: (told: Told) => void): Share {
  if (typeof SharedWorker !== "undefined") {
    try {
      return byWorker(url, hear);
    } catch {
      // Some browsers have the class and forbid its use.
    }
  }
  if (navigator.locks && typeof BroadcastChannel !== "undefined") return byLeader(url, hear);
  const hub = new Hub(hear);
  hub.start(url);
  return hub;
}

function byWorker(url: string, hear: (told: Told) => void): Share {
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "runwisp events",
  });
  const ask = (asked: Asked) => worker.port.postMessage(asked);
  worker.port.onmessage = ({ data }: MessageEvent<Told>) => hear(data);
  ask({ type: "join", url });
  window.addEventListener("pagehide", () => ask({ type: "leave" }));
  // A page that comes back from the browser's cache has missed what happened meanwhile.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    ask({ type: "join", url });
    hear({ type: "gap" });
  });
  return { retry: () => ask({ type: "retry" }) };
}

type Shared = { from: "leader"; told: Told } | { from: "follower"; asked: "state" | "retry" };

function byLeader(url: string, hear: (told: Told) => void): Share {
  const channel = new BroadcastChannel("runwisp events");
  const say = (shared: Shared) => channel.postMessage(shared);
  let hub: Hub | undefined;
  channel.onmessage = ({ data }: MessageEvent<Shared>) => {
    if (data.from === "leader") hear(data.told);
    else if (hub && data.asked === "retry") hub.retry();
    else if (hub) say({ from: "leader", told: { type: "connection", connection: hub.connection } });
  };
  say({ from: "follower", asked: "state" });
  void navigator.locks.request("runwisp events", () => {
    hub = new Hub((told) => {
      hear(told);
      say({ from: "leader", told });
    });
    // A new leader begins now: what happened between two leaders is asked for anew, in every tab.
    hear({ type: "gap" });
    say({ from: "leader", told: { type: "gap" } });
    hub.start(url);
    return new Promise<void>(() => {});
  });
  return { retry: () => (hub ? hub.retry() : say({ from: "follower", asked: "retry" })) };
}
