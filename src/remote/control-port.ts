/** Requests to a control port, with an answer that is there at once or one to wait for. */
import { requestLater, requestNow, type HttpAnswer, type HttpRequest } from '../platform/http-client.ts';

/** The control port said no; the message says why and what to do. */
export class ControlError extends Error {
  override name = 'ControlError';
  readonly status: number;
  /** urn:ottla:problem:wait-timeout, … */
  readonly type: string;

  constructor(status: number, type: string, detail: string) {
    super(detail);
    this.status = status;
    this.type = type;
  }
}

export const WAIT_TIMEOUT = 'urn:ottla:problem:wait-timeout';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export class ControlPort {
  readonly url: string;

  /** As `ottla start --control-port` prints it: http://localhost:24092 */
  constructor(url: string) {
    if (!/^https?:\/\//.test(url)) {
      throw new TypeError(`'${url}' is no address of a control port: write http://host:port, as ottla start prints it`);
    }
    this.url = url.replace(/\/$/, '');
  }

  /** @throws {ControlError} */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what JSON it is
  get<T>(path: string, query: Query = {}): T {
    return parsed(requestNow(this.#request('GET', path + search(query)))) as T;
  }

  /** @throws {ControlError} */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what JSON it is
  callNow<T = void>(method: string, path: string, body?: unknown): T {
    return parsed(requestNow(this.#request(method, path, body))) as T;
  }

  /** Rejects with a ControlError. */
  async call<T = void>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return parsed(await requestLater(this.#request(method, path, body), signal)) as T;
  }

  /** @throws {ControlError} */
  bytes(path: string): Uint8Array {
    return checked(requestNow(this.#request('GET', path))).body;
  }

  /** Rejects with a ControlError. */
  async text(method: string, path: string, body: unknown): Promise<string> {
    return Buffer.from(checked(await requestLater(this.#request(method, path, body))).body).toString();
  }

  async send(method: string, path: string, body: Uint8Array): Promise<void> {
    checked(await requestLater({ ...this.#request(method, path), body, type: 'application/octet-stream' }));
  }

  #request(method: string, path: string, body?: unknown): HttpRequest {
    const said = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)), type: 'application/json' };
    return { method, url: `${this.url}${path}`, ...said };
  }
}

function checked(answer: HttpAnswer): HttpAnswer {
  if (answer.status < 400) return answer;
  const text = Buffer.from(answer.body).toString();
  const { type, detail } = problemOf(text);
  throw new ControlError(answer.status, type, detail);
}

function problemOf(text: string): { readonly type: string; readonly detail: string } {
  try {
    return JSON.parse(text) as { type: string; detail: string };
  } catch {
    return { type: 'about:blank', detail: text };
  }
}

function parsed(answer: HttpAnswer): unknown {
  const text = Buffer.from(checked(answer).body).toString();
  return text === '' ? undefined : JSON.parse(text);
}

export function search(query: Query): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined);
  return said.length === 0
    ? ''
    : `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()}`;
}
