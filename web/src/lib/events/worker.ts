// The shared worker: one connection for all tabs of the browser.
import { Hub, type Asked, type Told } from "./hub";

interface SharedScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
const hub = new Hub((told: Told) => {
  for (const port of ports) port.postMessage(told);
});

(self as unknown as SharedScope).onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<Asked>) => {
    if (data.type === "join") {
      ports.add(port);
      hub.start(data.url);
      port.postMessage({ type: "connection", connection: hub.connection } satisfies Told);
    } else if (data.type === "retry") {
      hub.retry();
    } else {
      ports.delete(port);
    }
  };
};
