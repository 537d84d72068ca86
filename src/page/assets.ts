/** The page's own files, as `scripts/bundle.mjs` has made them beside this one. */
import { join } from 'node:path';
import type { TakeRequest } from '../platform/http.ts';
import { readWhole } from '../platform/whole-file.ts';
import { HEADERS, refusalOf, type Guarded } from './origin.ts';

export interface PageFile {
  readonly bytes: Buffer;
  readonly type: string;
}

const CODE = 'page.js';
const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
};

/** Null for any other name. */
export async function pageFile(name: string): Promise<PageFile | null> {
  if (!Object.hasOwn(TYPES, name)) return null;
  return { bytes: await readWhole(join(folder(), name)), type: TYPES[name] };
}

type Request = Parameters<TakeRequest>[0];
type Response = Parameters<TakeRequest>[1];

/** Answers whoever asks for a file of the page, and tells when the page's code is there; false for everything else. */
export function takeFile(request: Request, response: Response, guarded: Guarded, loaded: () => void): boolean {
  const { method = 'GET', url = '/' } = request;
  const path = url.replace(/\?.*$/s, '');
  const name = path === '/' ? 'index.html' : /^\/page\/([^/]*)$/.exec(path)?.[1];
  if (name === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
  const header = (field: string): string | undefined => request.headers[field]?.toString();
  const refusal = refusalOf({ method, path, header }, guarded);
  if (refusal !== null) {
    response.writeHead(403, { ...HEADERS, ...TEXT }).end(refusal);
    return true;
  }
  if (name === CODE) response.once('finish', loaded);
  pageFile(name).then(
    (file) => send(response, file, method),
    ({ message }: Error) =>
      response.writeHead(500, { ...HEADERS, ...TEXT }).end(`The page cannot be read: ${message}\n`),
  );
  return true;
}

function send(response: Response, file: PageFile | null, method: string): Response {
  if (file === null) return response.writeHead(404, { ...HEADERS, ...TEXT }).end('There is no such file.\n');
  const { bytes, type } = file;
  response.writeHead(200, { ...HEADERS, 'content-type': type, 'content-length': bytes.length });
  return response.end(method === 'HEAD' ? undefined : bytes);
}

/** `dist/page`: beside the bundle that this is part of; seen from the source, as the last build has left it. */
function folder(): string {
  const here = import.meta.dirname;
  return here.endsWith(join('src', 'page')) ? join(here, '..', '..', 'dist', 'page') : join(here, 'page');
}
