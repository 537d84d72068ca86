/** Clients over TLS for bench/tls.ts: what they cost themselves is not counted, only what the broker spends. */
import { once } from 'node:events';
import { connect as openSocket, type Socket } from 'node:net';
import { connect as openTls, type TLSSocket } from 'node:tls';
import { FrameCutter } from '../protocol/frame.ts';
import type { Frame } from './raw-load.ts';

export interface Place {
  readonly port: number;
  /** PEM; null: in plain text. */
  readonly ca: string | null;
}

export interface Pumped {
  readonly answers: number;
  readonly bytesIn: number;
  readonly seconds: number;
}

const LARGEST = 1 << 27;

/** Never resumes a session: each handshake is a whole one. */
export async function open({ port, ca }: Place): Promise<Socket> {
  const socket: Socket | TLSSocket =
    ca === null
      ? openSocket({ host: '127.0.0.1', port })
      : openTls({ host: '127.0.0.1', port, ca, minVersion: 'TLSv1.3' });
  await once(socket, ca === null ? 'connect' : 'secureConnect');
  socket.setNoDelay(true);
  return socket;
}

/** Sends the frames in turn, so many under way, for so long. */
export async function pump(place: Place, frames: readonly Frame[], depth: number, seconds: number): Promise<Pumped> {
  const socket = await open(place);
  const cutter = new FrameCutter(LARGEST);
  const begun = performance.now();
  const endMs = begun + seconds * 1000;
  let [sent, answers, bytesIn] = [0, 0, 0];
  await new Promise<void>((resolve, reject) => {
    const send = (): void => void socket.write(frames[sent++ % frames.length].bytes);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the broker has closed the connection')));
    socket.on('data', (bytes: Buffer) => {
      bytesIn += bytes.length;
      for (let more = cutter.push(bytes).length; more > 0; more--) {
        answers++;
        if (performance.now() < endMs) send();
        else if (answers === sent) resolve();
      }
    });
    for (let at = 0; at < depth; at++) send();
  });
  const took = (performance.now() - begun) / 1000;
  socket.removeAllListeners('close').destroy();
  return { answers, bytesIn, seconds: took };
}

/** Does it so often, so many at once. */
export async function often(count: number, atOnce: number, once: () => Promise<void>): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
