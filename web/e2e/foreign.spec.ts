// A page of another origin, in the browser of an operator who is signed in: it can neither do nor read anything.
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { expect, signIn, test } from "./test";

test("a page of another origin can neither do nor read anything", async ({ daemon, page, context }) => {
  // Another port of the same host: the session's cookie goes along, so the cookie is not what protects here.
  const server = createServer((_, answer) =>
    answer.setHeader("content-type", "text/html").end("<h1>elsewhere</h1>"),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await signIn(page);
    const foreign = await context.newPage();
    await foreign.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const api = new URL("api/v1", daemon.url.replace(/\/?$/, "/")).href;
    const read = await foreign.evaluate(async (api) => {
      const ask = (path: string, more: RequestInit) =>
        fetch(`${api}${path}`, { credentials: "include", ...more }).then(
          (answer) => answer.type,
          () => "nothing",
        );
      return [
        await ask("/status", {}),
        await ask("/units/web/stop", { method: "POST" }),
        // What a form can send needs no permission of the server's before it is sent.
        await ask("/units/web/stop", { method: "POST", mode: "no-cors", body: "{}" }),
      ];
    }, api);
    expect(read).toEqual(["nothing", "nothing", "nothing"]);
    // The daemon refuses it; that a browser would show nothing of the answer is only the second lock.
    const origin = new URL(foreign.url()).origin;
    const refused = await context.request.post(`${api}/units/web/stop`, { headers: { origin } });
    expect(refused.status()).toBe(403);
    const own = await context.request.get(`${api}/status`);
    expect(own.status()).toBe(200);

    // Nor can it show the page in a frame of its own, to have it clicked.
    await foreign.evaluate((url) => {
      const frame = document.createElement("iframe");
      frame.src = url;
      document.body.append(frame);
    }, daemon.url);
    await expect(foreign.frameLocator("iframe").getByRole("heading", { level: 1 })).toHaveCount(0);

    const web = await daemon.get<{ state: string }>("/units/web");
    expect(web.state).toBe("running");
    await page.goto("./#/units/web");
    await expect(page.locator(".view-head")).toContainText(/running/i);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
