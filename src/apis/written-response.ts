/** A response that has been written into a buffer of its own, since that took more than a turn of the event loop. */
import type { Writer } from '../../protocol/writer.ts';
import type { Reply, Streamed } from './handler.ts';

/** A shorter one is copied into the output, where it leaves with others. */
const STREAMED_ABOVE_BYTES = 64 * 1024;

/** Gives it to the client: what is long leaves piece by piece, as the client takes it. */
export function replyOf(written: Writer): Reply {
  const response = written.buffer.subarray(0, written.position);
  if (response.length > STREAMED_ABOVE_BYTES) return () => streamed(response);
  return (output) => output.bytes(response);
}

function streamed(response: Buffer): Streamed {
  let sent = 0;
  return {
    heldBytes: response.buffer.byteLength,
    get remaining() {
      return response.length - sent;
    },
    fill(into, at, length) {
      const count = response.copy(into, at, sent, Math.min(response.length, sent + length));
      sent += count;
      return count;
    },
  };
}
