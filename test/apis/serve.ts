/** Has a handler answer one request, as the dispatcher and a connection do; at once where nothing waits. */
import type { Reader } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Context, DirectHandler, Handler } from '../../src/apis/handler.ts';

/** `settle` writes what was appended. */
export function serve(
  handler: Handler,
  reader: Reader,
  context: Context,
  output: Writer,
  settle: () => void = () => {},
): ReturnType<DirectHandler['serve']> {
  if (!handler.joinsWrites) return handler.serve(reader, context, output);
  const answer = handler.stage(reader, context);
  settle();
  const waits = answer.settled();
  if (waits === null) return answer.encode(output) ?? undefined;
  return waits.then(() => (later: Writer) => void answer.encode(later));
}
