/** A small HTTP server, for what is looked at from outside: one answer for each path. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MOST_CONNECTIONS } from './http-door.ts';

/** Of one request: an address may name a group, whose id has up to 32 KB, and three times as much where it is no ASCII. */
const MOST_HEADER_BYTES = 128 << 10;

/** What a server is given to answer. */
export type TakeRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** Whoever sends the head of a request more slowly than that is not waited for. */
const HEAD_MS = 15_000;
const LOOK_MS = 5000;

function serverOf(take: TakeRequest): Server {
  const limits = { headersTimeout: HEAD_MS, connectionsCheckingInterval: LOOK_MS, maxHeaderSize: MOST_HEADER_BYTES };
  return createServer(limits, take);
}

/** A server that listens nowhere: connections are given to it. */
export function unboundServer(take: TakeRequest): Server {
  const server = serverOf(take);
  server.emit('listening'); // from then on Node.js looks for those who send too slowly
  return server;
}

export type { Server as HttpServer };

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HttpListener {
  /** As bound: of use when port 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with node's error (EADDRINUSE …). An `answer` that rejects is told as 500. */
export function listenHttp(
  host: string,
  port: number,
  answer: (path: string) => Promise<HttpAnswer>,
): Promise<HttpListener> {
  return listenRequests(host, port, (request, response) => {
    respond(request, response, answer).catch(() => response.destroy());
  });
}

/** The same for a router, or a stream. In the background it does not keep the process alive. */
export function listenRequests(
  host: string,
  port: number,
  take: TakeRequest,
  { inBackground = false }: { readonly inBackground?: boolean } = {},
): Promise<HttpListener> {
  const server = serverOf(take);
  server.maxConnections = MOST_CONNECTIONS;
  if (inBackground) {
    server.unref();
    server.on('connection', (socket) => socket.unref());
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host === '' ? undefined : host, () => {
      server.off('error', reject);
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

async function respond(
  { url = '/', method }: IncomingMessage,
  response: ServerResponse,
  answer: (path: string) => Promise<HttpAnswer>,
): Promise<void> {
  const path = url.replace(/[?#].*$/s, '');
  const isRead = method === 'GET' || method === 'HEAD';
  const told = isRead ? answer(path) : Promise.resolve(text(405, 'GET is all there is'));
  const { status, contentType, body } = await told.catch((error: unknown) => text(500, String(error)));
  response.writeHead(status, { 'content-type': contentType });
  response.end(method === 'HEAD' ? undefined : body);
}

export function text(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}
