/** Calls a control port, and holds each request and answer against its OpenAPI document. */
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Media {
  readonly schema?: object;
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

const DOCUMENT = 'https://described.test/openapi.json';

export class Described {
  readonly #url: string;
  readonly document: OpenApi;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  /** 'get /topics 200' of every answer that was seen. */
  readonly seen = new Set<string>();

  constructor(url: string, document: OpenApi) {
    this.#url = url;
    this.document = document;
    this.#ajv.addSchema(document, DOCUMENT);
  }

  static async at(url: string): Promise<Described> {
    return new Described(url, (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi);
  }

  get operations(): string[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  }

  /** Throws where the answer is not as described; and the request, unless it was refused with 400. */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const [template, operation] = this.#find(method.toLowerCase(), path.replace(/\?.*/, ''));
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const type = response.headers.get('content-type')?.replace(/;.*/, '') ?? '';
    const text = await response.text();
    const said: unknown = type.endsWith('json') ? JSON.parse(text) : text;
    const at = `${method.toLowerCase()} ${template}`;
    this.seen.add(at);
    const described = operation.responses[response.status];
    if (described === undefined) throw new Error(`${at} answers ${response.status}, which is not described: ${text}`);
    if (text !== '') this.#check(`${at} ${response.status}`, described.content?.[type]?.schema, said);
    if (body !== undefined && response.status !== 400) {
      this.#check(`${at}, the request`, operation.requestBody?.content['application/json']?.schema, body);
    }
    return { status: response.status, body: said as T, headers: response.headers };
  }

  #find(method: string, path: string): [string, Operation] {
    const parts = path.split('/');
    const fits = (template: string): boolean => {
      const wanted = template.split('/');
      return wanted.length === parts.length && wanted.every((part, i) => part.startsWith('{') || part === parts[i]);
    };
    const found = Object.entries(this.document.paths)
      .filter(([template, methods]) => fits(template) && method in methods)
      .sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')));
    if (found.length === 0) throw new Error(`${method} ${path} is not described`);
    return [found[0][0], found[0][1][method]];
  }

  #check(what: string, schema: object | undefined, value: unknown): void {
    if (schema === undefined) throw new Error(`${what} has no schema for its content type`);
    const rooted = JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${DOCUMENT}#/`)) as object;
    const validate = this.#ajv.compile(rooted);
    if (!validate(value)) {
      throw new Error(
        `${what} is not as described: ${this.#ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`,
      );
    }
  }
}

/** As much of a message as the tests look at. */
export interface Message {
  readonly value: string | null;
  readonly offset: number;
  readonly partition: number;
}

export interface Problem {
  readonly type: string;
  readonly detail: string;
}
