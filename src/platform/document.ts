/** Reads a document from where a URL says: a web server, or a file. */
import { readFile } from 'node:fs/promises';

export interface DocumentLimits {
  readonly mostBytes: number;
  readonly timeoutMs: number;
}

/** As text. Rejects where it is not there, not there in time, or larger. */
export async function readDocument(url: URL, { mostBytes, timeoutMs }: DocumentLimits): Promise<string> {
  if (url.protocol === 'file:') return within(await readFile(url), mostBytes).toString();
  const response = await fetch(url, {
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json' },
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

function within(content: Buffer, mostBytes: number): Buffer {
  if (content.length > mostBytes) throw tooLarge(mostBytes);
  return content;
}

function tooLarge(mostBytes: number): Error {
  return new Error(`it is larger than ${mostBytes} bytes`);
}
