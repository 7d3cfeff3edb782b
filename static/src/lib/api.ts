/** JSON over HTTP to our own server; every failure is an ApiError with a code for programs and a sentence for people. */
import { t } from "./i18n.ts";

export class ApiError extends Error {
  readonly code: string;
  /** The HTTP status; 0 when the server was not reached. */
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
  }
}

interface ErrorBody {
  error?: { code?: string; message?: string };
}

const offline = (): ApiError =>
  new ApiError("offline", t("The server cannot be reached. Please check your internet connection."), 0);

const refusal = async (response: Response): Promise<ApiError> => {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const message = body.error?.message ?? t("Something went wrong. Please try again.");
  return new ApiError(body.error?.code ?? "error", message, response.status);
};

/** For which practice this page was made: the server refuses what it sends once its reader is at work in another; empty for no practice. */
export const atWork = (): Record<string, string> => ({ "X-At": globalThis.document?.documentElement.dataset.at ?? "" });

/** The JSON of the answer; undefined for 204. */
export const fetchJson = async <T>(url: string, init: RequestInit = {}): Promise<T> => {
  const response = await fetch(url, { ...init, headers: { ...atWork(), ...init.headers } }).catch(() => {
    throw offline();
  });
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
};

const send = <T>(method: string, url: string, body: unknown): Promise<T> =>
  fetchJson<T>(url, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const post = <T>(url: string, body: unknown = {}): Promise<T> => send<T>("POST", url, body);

export const remove = <T>(url: string): Promise<T> => send<T>("DELETE", url, {});
