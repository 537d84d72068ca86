/** Has a handler answer one request, as the dispatcher and a connection do; at once where nothing waits. */
import type { Reader } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Handler, Served } from '../../src/apis/handler.ts';
import type { RequestContext } from '../../src/apis/request-context.ts';

/** `settle` writes what was appended. */
export function serve<Uses>(
  handler: Handler<Uses>,
  reader: Reader,
  context: RequestContext,
  output: Writer,
  parts: Uses,
  settle: () => void = () => {},
): Served {
  if (!handler.joinsWrites) return handler.serve(reader, context, output, parts);
  const answer = handler.stage(reader, context, parts);
  settle();
  const waits = answer.settled();
  if (waits === null) return answer.encode(output) ?? undefined;
  return waits.then(() => (later: Writer) => void answer.encode(later));
}
