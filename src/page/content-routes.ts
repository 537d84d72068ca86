/** GET /message: one message whole, to look at or to keep; lists of messages show the beginning of each. */
import { Hono, type Context } from 'hono';
import { recordAt } from './record-at.ts';
import { ChangeRefused } from './hands.ts';
import { contentOf } from './record-row.ts';
import type { PageEnv } from './person.ts';

/** Of a key, a value, a header, as it is shown; all of it can be kept as a file. */
const SHOWN_BYTES = 1 << 20;

export function contentRoutes(): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get('/message', (context) => {
    const { key, value, headers } = asked(context);
    return context.json({
      key: contentOf(key, SHOWN_BYTES),
      value: contentOf(value, SHOWN_BYTES),
      headers: headers.map((header) => ({ key: header.key, value: contentOf(header.value, SHOWN_BYTES) })),
    });
  });
  app.get('/message/:part', (context) => {
    const part = context.req.param('part');
    if (part !== 'key' && part !== 'value')
      throw new ChangeRefused(404, `A message has a key and a value, no '${part}'.`);
    const bytes = asked(context)[part];
    if (bytes === null) throw new ChangeRefused(404, `The ${part} of this message is null.`);
    return context.body(new Uint8Array(bytes), 200, {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${part}.bin"`,
    });
  });
  return app;
}

function asked(context: Context<PageEnv>): ReturnType<typeof recordAt> {
  const { topic = '', partition = '', offset = '' } = context.req.query();
  if (![partition, offset].every((number) => /^\d{1,15}$/.test(number))) {
    throw new ChangeRefused(400, 'Say which message: ?topic=orders&partition=0&offset=42.');
  }
  return recordAt(context.get('person').hands, topic, Number(partition), Number(offset));
}
