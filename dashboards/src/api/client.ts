// The one HTTP client: generated paths, hub's clock, and what a refusal means.
// It knows no page; whoever needs to react to a lost session or connection subscribes here.
import createClient, { type Middleware } from "openapi-fetch";
import { lang, t } from "../i18n";
import { measureSkew } from "../state/clock";
import type { paths } from "./schema.gen";
import type { Problem } from "./types";

/** A refusal by the hub (its RFC 9457 problem), or `status` 0 when the hub was not reached. */
export class HubError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly retryAfterSeconds: number | null = null,
    /** Each thing that is wrong in what was sent. */
    readonly errors: readonly { at: string; detail: string }[] = [],
  ) {
    super(title);
  }
}

type Listener = () => void;
const sessionLost = new Set<Listener>();
const unreachable = new Set<Listener>();

/** Called whenever a call other than the login is answered 401. Returns how to stop listening. */
export function onSessionLost(listener: Listener): Listener {
  sessionLost.add(listener);
  return () => sessionLost.delete(listener);
}

/** Called whenever a call did not reach the hub. Returns how to stop listening. */
export function onUnreachable(listener: Listener): Listener {
  unreachable.add(listener);
  return () => unreachable.delete(listener);
}

const watch: Middleware = {
  onResponse({ request, response }) {
    measureSkew(response.headers.get("date"));
    const isLogin = request.method === "POST" && request.url.endsWith("/session");
    if (response.status === 401 && !isLogin) sessionLost.forEach((listener) => listener());
  },
};

// Resolved at each call, so that a test may put its own in place; relative addresses are the hub that served the page.
const hub = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  credentials: "same-origin",
  fetch: (request) => globalThis.fetch(request),
});
hub.use(watch);

/** What the hub says, in the reader's language where it can. */
export const said = ({ detail, detail_vi }: { detail: string; detail_vi?: string | null }) => (lang.peek() === "vi" && detail_vi != null ? detail_vi : detail);

/** The refusal that a problem tells of; what stands between us and the hub answers without one. */
export function refusal(problem: Partial<Problem> | null, status: number, retryAfter: number | null = null): HubError {
  const title = problem?.detail === undefined ? t("page.hubError", { status }) : said(problem as Problem);
  return new HubError(problem?.status ?? status, title, retryAfter, problem?.errors?.map((error) => ({ at: error.at, detail: said(error) })));
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Turns an answer into its data, or throws what went wrong as a `HubError`. */
async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    unreachable.forEach((listener) => listener());
    throw new HubError(0, "unreachable");
  }
  if (answer.response.ok) return answer.data as T;
  const problem = typeof answer.error === "object" ? (answer.error as Partial<Problem> | null) : null;
  const retryAfter = Number(answer.response.headers.get("retry-after"));
  throw refusal(problem, answer.response.status, retryAfter > 0 ? retryAfter : null);
}

export { hub, unwrap };
