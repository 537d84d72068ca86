/** What speaks to a broker's port and is no Kafka client: the first four bytes, which would be the size of a frame, tell. */

/** How a handshake of TLS begins: a record of type 22, its version 3.0 to 3.4. */
const TLS_HELLO = 0x160300;
const TLS_VERSIONS = 5;
/** 'GET ' and 'HEAD', as a browser begins. */
const HTTP = new Set([0x47455420, 0x48454144]);

/** Why a frame of such a size ends its connection. */
export function oversize(size: number, limit: number): string {
  const begin = size >> 8;
  if (begin >= TLS_HELLO && begin < TLS_HELLO + TLS_VERSIONS) {
    return 'it looks like TLS, and this listener speaks none: set security.protocol to PLAINTEXT, or SASL_PLAINTEXT, at the client';
  }
  if (HTTP.has(size)) return 'it looks like a browser, which was told where the page is';
  return `a frame of ${size} bytes is announced, 0 to ${limit} (socket.request.max.bytes) are allowed`;
}

/** What a browser is answered before its connection ends; null for what is none. `page` is where the broker shows itself. */
export function answerToBrowser(size: number, page: string | null): Buffer | null {
  if (!HTTP.has(size)) return null;
  const text =
    page === null
      ? 'This is the port for Kafka clients. The broker has no page here: ottla start opens one.\n'
      : `This is the port for Kafka clients. The page of this broker is ${page}\n`;
  const head = [
    page === null ? 'HTTP/1.1 400 Bad Request' : 'HTTP/1.1 302 Found',
    ...(page === null ? [] : [`Location: ${page}`]),
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
}
