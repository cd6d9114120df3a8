// A real daemon in a folder of its own: started on a port of its choice, asked over its socket, ended with the test.
//
// Invariant: nothing sleeps. What is waited for is an answer, a line, or the end of a process.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createServer } from "node:http";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** The program: `RUNWISP_BIN`, or what the checkout built. */
const PROGRAM = process.env.RUNWISP_BIN ?? resolve(import.meta.dirname, "../../target/debug/runwisp");

export const PASSWORD = "correct horse battery";

/** How long an answer may take on a machine with much else to do, ms. */
const PATIENCE = 60_000;

export interface Answer {
  status: number;
  body: unknown;
}

export class Daemon {
  readonly dir = mkdtempSync(join(tmpdir(), "runwisp-page-"));
  readonly config = join(this.dir, "runwisp.toml");
  readonly data = join(this.dir, "data");
  readonly socket = join(this.dir, "runwisp.sock");
  url = "";
  #process: ChildProcess | undefined;
  #listen = "127.0.0.1:0";

  /** `config` is given the folder. With a `disk`, such as `8m`, the data is on one of this size that only it sees. */
  constructor(
    config: (dir: string) => string,
    private readonly disk = "",
  ) {
    this.write(config(this.dir));
  }

  /** Writes another configuration; nobody is told. */
  write(config: string): void {
    writeFileSync(this.config, config);
  }

  async start(): Promise<void> {
    const log = createWriteStream(join(this.dir, "daemon.log"), { flags: "a" });
    await new Promise((opened) => log.once("open", opened));
    const where = ["--data", this.data, "--socket", this.socket, "--listen", this.#listen];
    const words = [PROGRAM, "daemon", "-c", this.config, ...where];
    if (this.disk !== "") {
      const mount = `mkdir -p "$0" && mount -t tmpfs -o size=${this.disk},mode=700 none "$0" && exec "$@"`;
      words.unshift("unshare", "--mount", "sh", "-c", mount, this.data);
    }
    const child = spawn(words[0] ?? "", words.slice(1), {
      cwd: this.dir,
      env: { ...process.env, RUNWISP_PASSWORD: PASSWORD, NO_COLOR: "1" },
      stdio: ["ignore", log, log],
    });
    this.#process = child;
    await this.until("/status", (status) => {
      const url = (status as { daemon?: { url?: string | null } }).daemon?.url;
      this.url = url ?? "";
      return Boolean(url);
    });
    // A later daemon of this keeper is to be found where this one was.
    this.#listen = new URL(this.url).host;
  }

  /** Asks over the socket, as the command line does. */
  ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((done, fail) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const asked = http.request(
        {
          socketPath: this.socket,
          method,
          path: `/api/v1${path}`,
          headers: {
            host: "localhost",
            ...(text === undefined ? {} : { "content-type": "application/json" }),
          },
        },
        (answer) => {
          let all = "";
          answer.setEncoding("utf8");
          answer.on("data", (piece: string) => (all += piece));
          answer.on("end", () => {
            try {
              done({ status: answer.statusCode ?? 0, body: all === "" ? undefined : JSON.parse(all) });
            } catch (error) {
              fail(error as Error);
            }
          });
        },
      );
      asked.on("error", fail);
      asked.end(text);
    });
  }

  /** The document of a path, which has to be there. */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.ask("GET", path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body as T;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const { status, body: answer } = await this.ask("POST", path, body);
    if (status >= 300) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer as T;
  }

  /** Asks until the document is as wanted. */
  async until<T>(path: string, wanted: (document: T) => boolean): Promise<T> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const answer = await this.ask("GET", path).catch(() => undefined);
      if (answer?.status === 200 && wanted(answer.body as T)) return answer.body as T;
      if (this.#process?.exitCode !== null && this.#process?.exitCode !== undefined) {
        throw new Error(`the daemon ended with ${this.#process.exitCode}:\n${this.log()}`);
      }
      if (Date.now() > end)
        throw new Error(`${path} does not become as wanted: ${JSON.stringify(answer?.body)}\n${this.log()}`);
      // The next question is the wait: the daemon needs the processor more than this loop does.
      await new Promise((later) => setTimeout(later, 20));
    }
  }

  /** Runs a task to its end; the run's id. */
  async run(task: string, params: Record<string, string> = {}): Promise<string> {
    const { runs } = await this.post<{ runs: string[] }>(`/tasks/${task}/run`, { params });
    const id = runs[0] ?? "";
    await this.ended(id);
    return id;
  }

  ended(id: string): Promise<{ state: string; outcome: string }> {
    return this.until(`/runs/${id}`, (run: { state: string; outcome: string }) => run.state === "ended");
  }

  /** A command of the program, on this daemon. */
  async cli(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(
      PROGRAM,
      [...words, "--data", this.data, "--socket", this.socket],
      { cwd: this.dir },
    );
    return stdout;
  }

  /** Kills the daemon process, as a crash would; the keeper starts another. */
  async crash(): Promise<void> {
    const { daemon } = await this.get<{ daemon: { daemon_pid: number } }>("/status");
    process.kill(daemon.daemon_pid, "SIGKILL");
  }

  log(): string {
    try {
      return readFileSync(join(this.dir, "daemon.log"), "utf8");
    } catch {
      return "";
    }
  }

  /** Ends the keeper and all it started. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Somebody who gets messages: takes each, or refuses it with a status. */
export async function receiver(
  status: number,
): Promise<{ url: string; got: unknown[]; close: () => Promise<void> }> {
  const got: unknown[] = [];
  const server = createServer((request, response) => {
    let all = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => (all += piece));
    request.on("end", () => {
      got.push(JSON.parse(all));
      response
        .writeHead(status, { "content-type": "text/plain" })
        .end(status < 300 ? "ok" : "the channel is archived");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    got,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
