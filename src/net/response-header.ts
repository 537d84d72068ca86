/** The frame around a response's body: its size, which is known at the end, and its header. */
import { writeResponseHeader } from '../../protocol/header.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import type { Writer } from '../../protocol/writer.ts';

const SIZE_BYTES = 4;

/** Answers where the response begins, for `endResponse`. */
export function beginResponse(output: Writer, api: AnyApi, apiVersion: number, correlationId: number): number {
  const start = output.position;
  output.int32(0); // the size
  writeResponseHeader(output, api, apiVersion, correlationId);
  return start;
}

/** `tailBytes` follow those in the output. */
export function endResponse(output: Writer, start: number, tailBytes: number): void {
  output.buffer.writeInt32BE(output.position - start - SIZE_BYTES + tailBytes, start);
}
