/** Requests of each API with one of their arrays as long as can be, one after the other: what the tables have, whatever handles it. */
import type { AnyApi } from '../../../protocol/schema.ts';
import { handlers } from '../../../src/apis/index.ts';
import { createTopic } from '../../running-broker.ts';
import type { Input, Target } from '../input.ts';
import { longRequests, type Words } from '../long-requests.ts';

const ELEMENTS = 40_000;
const PARTITIONS = 100;
const ANSWERED_WITHIN_MS = 10_000;
/** What this version refuses whatever it says, and a handshake. */
const NOT_ASKED = /^(Sasl|Streams|.*DelegationToken|.*RaftVoter)/;

/** What exists is named by the first element, and partitions that exist by all. */
const words: Words = {
  text: (field, at) => (field === 'groupId' || (at === 0 && /topic|name/i.test(field)) ? 'there' : `${field}-${at}`),
  number(field, at) {
    if (field === 'partition' || field === 'partitionIndex') return at % PARTITIONS;
    if (/timeout/i.test(field)) return ANSWERED_WITHIN_MS;
    if (field === 'maxWaitMs' || field === 'sessionEpoch') return 0;
    return field.endsWith('Type') ? 2 : -1;
  },
};

async function sendAll(target: Target): Promise<void> {
  for (const { api, versions, kind } of handlers) {
    if (NOT_ASKED.test(api.name) || kind === 'staging') continue;
    for (const long of longRequests(api, versions.last, words)) {
      await send(target, api, versions.last, long.draft(ELEMENTS));
    }
  }
}

/** Answered, or the end of its connection. */
async function send(target: Target, api: AnyApi, version: number, draft: unknown): Promise<void> {
  const client = await target.connect();
  const answer = client.send(api, version, draft as never).catch(() => {});
  const late = Symbol('late');
  const first = await Promise.race([answer, after(ANSWERED_WITHIN_MS, late)]);
  await client.close();
  if (first === late) throw new Error(`${api.name} was not answered`);
  await after(0, null);
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value).unref());
}

export const longRequestsOfEachApi: readonly Input[] = [
  {
    name: 'long-requests',
    what: `${ELEMENTS} elements in each array of each request, one request after the other`,
    settings: { 'offsets.topic.num.partitions': '2', 'transaction.state.log.num.partitions': '2' },
    limits: { stopMs: 15_000 },
    prepare: async (target) => void (await createTopic(await target.connect(), 'there', PARTITIONS)),
    run: sendAll,
  },
];
