/** Requests as bytes, and sockets that send them without reading answers. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { requestCodec } from '../../protocol/compile.ts';
import { frame } from '../../protocol/frame.ts';
import { writeRequestHeader } from '../../protocol/header.ts';
import type { Api, Draft, Fields } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';

/** One request with its header, in its frame. */
export function rawRequest<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  draft: Draft<Req>,
): Buffer {
  const writer = new Writer();
  writeRequestHeader(writer, api, version, 1, 'hostile');
  requestCodec(api, version).encode(writer, draft);
  return Buffer.from(frame(writer.buffer.subarray(0, writer.position)));
}

/** A socket that is connected and reads nothing until it is asked to. */
export async function rawSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  await once(socket, 'connect');
  socket.on('error', () => {}); // a broker that closes it is what some inputs wait for
  return socket;
}
