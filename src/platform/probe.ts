/** Looks at an address from outside, below any protocol: what its name means, whether it accepts, what it answers. */
import { lookup } from 'node:dns/promises';
import { connect as openSocket, isIP, type Socket } from 'node:net';
import type { connect as connectTls, ConnectionOptions, TLSSocket } from 'node:tls';

export interface LookedUp {
  readonly address: string;
  readonly family: number;
}

export interface Certificate {
  readonly subject: string;
  readonly names: string;
  /** As in the certificate, such as "Nov 21 12:00:00 2027 GMT". */
  readonly validTo: string;
  /** Node's code for why it is not to be trusted; null where it is. */
  readonly problem: string | null;
  readonly protocol: string;
}

export interface Talk {
  readonly connectMs: number;
  /** What came back until there was enough, up to 64 KiB. */
  readonly bytes: Buffer;
  /** answered: enough came. closed, reset: by the peer. silent: nothing within the time. */
  readonly end: 'answered' | 'closed' | 'reset' | 'silent';
  readonly certificate: Certificate | null;
}

export interface TalkOptions {
  readonly host: string;
  readonly port: number;
  readonly send: Uint8Array;
  readonly timeoutMs: number;
  /** null: plain text. Certificates are reported, not refused. */
  readonly tls: ConnectionOptions | null;
  /** The name asked for in TLS, where the host is an address. */
  readonly serverName?: string;
}

/** Every address of a name, in the order in which Node would try them. Rejects with ENOTFOUND, EAI_AGAIN … */
export function lookUp(host: string): Promise<LookedUp[]> {
  return lookup(host, { all: true, order: 'verbatim' });
}

const ENOUGH_BYTES = 8;

/** Connects, sends, and waits for an answer. Rejects with Node's error where the connection, or TLS, does not come about. */
export async function talk(options: TalkOptions): Promise<Talk> {
  const openTls = options.tls === null ? null : (await import('node:tls')).connect; // slow to load
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const socket = open(options, openTls);
    let connectMs = -1;
    const pieces: Buffer[] = [];
    /** Before there is a connection every end is a failure. */
    const finish = (end: Talk['end'], code: string): void => {
      const certificate = options.tls === null || connectMs < 0 ? null : certificateOf(socket as TLSSocket);
      socket.destroy();
      if (connectMs < 0) reject(Object.assign(new Error('it ended before it was open'), { code }));
      else resolve({ connectMs, bytes: Buffer.concat(pieces).subarray(0, 65536), end, certificate });
    };
    const hasSome = (): boolean => pieces.length > 0;
    socket.setTimeout(options.timeoutMs, () => finish('silent', 'ETIMEDOUT'));
    socket.on(options.tls === null ? 'connect' : 'secureConnect', () => {
      connectMs = performance.now() - startedMs;
      socket.write(options.send);
    });
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      if (pieces.reduce((sum, each) => sum + each.length, 0) >= ENOUGH_BYTES) finish('answered', '');
    });
    socket.on('end', () => finish(hasSome() ? 'answered' : 'closed', 'ECONNRESET'));
    socket.on('close', () => finish(hasSome() ? 'answered' : 'closed', 'ECONNRESET'));
    socket.on('error', (error) => {
      if (connectMs < 0) reject(error);
      else finish(hasSome() ? 'answered' : 'reset', '');
    });
  });
}

function open({ host, port, tls, serverName = host }: TalkOptions, openTls: typeof connectTls | null): Socket {
  if (tls === null || openTls === null) return openSocket({ host, port });
  const servername = isIP(serverName) === 0 ? serverName : undefined;
  return openTls({ host, port, servername, ...tls, rejectUnauthorized: false });
}

function certificateOf(socket: TLSSocket): Certificate | null {
  const peer = socket.getPeerCertificate() as ReturnType<TLSSocket['getPeerCertificate']> | null;
  if (peer?.subject === undefined) return null;
  const error = socket.authorizationError as Error | string | null | undefined;
  const problem = error instanceof Error ? ((error as { code?: string }).code ?? error.message) : (error ?? null);
  return {
    subject: String(peer.subject.CN ?? ''),
    names: peer.subjectaltname ?? '',
    validTo: peer.valid_to,
    problem: socket.authorized ? null : problem,
    protocol: socket.getProtocol() ?? '',
  };
}
