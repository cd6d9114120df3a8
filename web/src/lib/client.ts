// How the page asks the daemon. Every answer is a document or a `Refused` with the daemon's own words.
import createClient from "openapi-fetch";
import type { Problem } from "./wire";

/** Where the page lives, so that it works below a prefix of a reverse proxy. Ends with a slash. */
export const base: string =
  typeof location === "undefined"
    ? "http://localhost/"
    : new URL(".", location.origin + location.pathname).href;

// The types of the paths come with `openapi.json`.
export const http = createClient<any>({ baseUrl: base.replace(/\/$/, "") });

/** A problem document, as an error. `code` is stable; `message` completes "could not …". */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
    this.name = "Refused";
  }

  get code(): string {
    return this.problem.code;
  }
  get help(): string | null {
    return this.problem.help ?? null;
  }
  get status(): number {
    return this.problem.status ?? 0;
  }
}

/** The answer's document; throws `Refused` for everything else, a daemon that cannot be reached included. */
export async function ok<T>(
  asked: Promise<{ data?: unknown; error?: unknown; response: Response }>,
): Promise<T> {
  let answer;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused({
      code: "daemon.unreachable",
      message: "the daemon could not be reached",
      help: "The page tries again by itself. On the machine, `runwisp status` says whether the daemon runs.",
      status: 0,
    });
  }
  if (answer.response.ok) return answer.data as T;
  const refused = new Refused(asProblem(answer.error, answer.response));
  if (refused.status === 401) for (const hear of strangers) hear(refused);
  throw refused;
}

/** Any error as a problem, so that it can be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  return { code: "page.failed", message, help: "This is a fault of the page. Reloading it may help." };
}

/** Where the daemon says what the problem's code means; nothing for the codes that are the page's own. */
export const explained = (problem: Problem): string | undefined =>
  problem.type?.startsWith("/api#") ? `${base}${problem.type.slice(1)}` : undefined;

const strangers = new Set<(refused: Refused) => void>();

/** Calls `hear` whenever the daemon wants a sign-in first. */
export function onStranger(hear: (refused: Refused) => void): () => void {
  strangers.add(hear);
  return () => strangers.delete(hear);
}

function asProblem(body: unknown, response: Response): Problem {
  if (typeof body === "object" && body !== null && "code" in body && "message" in body) {
    return { ...(body as Problem), status: response.status };
  }
  // Not the daemon: a proxy in between, or a daemon that is just going away.
  return {
    code: "answer.unreadable",
    message: `the answer was ${response.status} ${response.statusText}`.trim(),
    help: "Something between the page and the daemon answered in its place.",
    status: response.status,
  };
}
