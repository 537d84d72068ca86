/** Reads a document from where a URL says: a web server, or a file. */
import { readSmallFile } from './small-file.ts';

export interface DocumentLimits {
  readonly mostBytes: number;
  readonly timeoutMs: number;
}

/** As text. Rejects where it is not there, not there in time, or larger. */
export async function readDocument(url: URL, { mostBytes, timeoutMs }: DocumentLimits): Promise<string> {
  if (url.protocol !== 'file:') return request(url, {}, { mostBytes, timeoutMs });
  const content = readSmallFile(url, mostBytes);
  if (content === null) throw new Error('there is no such file');
  return content.toString();
}

/** Sends a form, and answers what comes back. Rejects as `readDocument`. */
export function postForm(
  url: URL,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  limits: DocumentLimits,
): Promise<string> {
  return request(url, { method: 'POST', body: new URLSearchParams(form), headers }, limits);
}

async function request(url: URL, init: RequestInit, { mostBytes, timeoutMs }: DocumentLimits): Promise<string> {
  const headers = { accept: 'application/json', ...(init.headers as Record<string, string> | undefined) };
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { ...init, headers, signal }).catch((error: Error) => {
    throw unreachable(error);
  });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** By itself fetch says that it has failed, and no more. */
function unreachable(error: Error): Error {
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return cause === undefined ? error : new Error(`it cannot be reached (${cause.code ?? cause.message})`, { cause });
}

function tooLarge(mostBytes: number): Error {
  return new Error(`it is larger than ${mostBytes} bytes`);
}
