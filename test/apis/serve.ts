/** Has a handler answer one request, as the dispatcher and a connection do; at once where nothing waits. */
import type { Reader } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Parts } from '../../src/apis/broker-parts.ts';
import type { Handler, Served } from '../../src/apis/handler.ts';
import type { RequestContext } from '../../src/apis/request-context.ts';
import { TableRequests } from '../../src/net/table-request.ts';
import { NO_SECURITY } from '../../src/security/stages.ts';

/** `settle` writes what was appended. */
export function serve<Uses extends Parts<'logger'>>(
  handler: Handler<Uses>,
  reader: Reader,
  context: RequestContext,
  output: Writer,
  parts: Uses,
  settle: () => void = () => {},
): Served {
  if (handler.kind === 'direct') return handler.serve(reader, context, output, parts);
  if (handler.kind === 'table')
    return new TableRequests(parts, NO_SECURITY, null).handle(handler, reader, context, output);
  const answer = handler.stage(reader, context, parts);
  settle();
  const waits = answer.settled();
  if (waits === null) return answer.encode(output, 0) ?? undefined;
  return waits.then(() => (later: Writer) => void answer.encode(later, 0));
}
