import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { backoff, follow, Reader, type Message } from "./sse";

test("messages come whole, however the text is cut", () => {
  const text =
    'retry: 10\n: a comment\nevent: run\nid: 7\ndata: {"a":1}\n\ndata: one\r\ndata:two\r\n\r\nevent: ping\n\n';
  const whole: Message[] = [
    { event: "run", id: "7", data: '{"a":1}' },
    { event: "message", id: "7", data: "one\ntwo" },
  ];
  for (let size = 1; size <= text.length; size += 1) {
    const reader = new Reader();
    const got: Message[] = [];
    for (let at = 0; at < text.length; at += size) got.push(...reader.push(text.slice(at, at + size)));
    expect(got, `pieces of ${size}`).toEqual(whole);
  }
});

test("a message beyond the limit is dropped and the next one is heard", () => {
  const reader = new Reader();
  expect(reader.push(`data: ${"x".repeat(4_000_001)}\n\ndata: y\n\n`)).toEqual([
    { event: "message", id: null, data: "y" },
  ]);
});

test("a stream is resumed with the last id, and says how it ended", async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers["last-event-id"] as string | undefined);
    if (request.url === "/closed") {
      response.writeHead(401).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.end("id: 9\ndata: hello\n\n");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const heard: Message[] = [];
  const wanted = { lastId: "8", signal: new AbortController().signal, heard: (m: Message) => heard.push(m) };
  expect(await follow({ ...wanted, url })).toEqual({ why: "closed" });
  expect(heard.map((message) => message.id)).toEqual(["9"]);
  expect(await follow({ ...wanted, url: `${url}/closed` })).toEqual({ why: "refused", status: 401 });
  expect(asked).toEqual(["8", "8"]);
  await new Promise((done) => server.close(done));
  expect(await follow({ ...wanted, url })).toEqual({ why: "unreachable" });
});

test("tries get rarer, up to ten seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 20].map((tries) => backoff(tries, 0.5))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
  ]);
  expect(backoff(6, 0)).toBe(7_500);
  expect(backoff(6, 1)).toBe(12_500);
});
