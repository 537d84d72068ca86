/** Requests of each API with one of their arrays as long as can be, one after the other: what the tables have, whatever handles it. */
import type { AnyApi } from '../../../protocol/schema.ts';
import { handlers } from '../../../src/apis/index.ts';
import { createTopic } from '../../running-broker.ts';
import type { Input, Target } from '../input.ts';
import { longRequests, type Words } from '../long-requests.ts';

const ELEMENTS = 20_000;
/** Nearly as many as one may have. */
const MOST_ELEMENTS = 120_000;
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

/** Those whose elements cost most, of each kind: read, committed, made, deleted, altered. */
const DEAR = /^(Fetch|Metadata|OffsetCommit|CreateTopics|DeleteGroups|IncrementalAlterConfigs)$/;

async function sendAll(target: Target, elements: number, which: RegExp): Promise<void> {
  for (const { api, versions, kind } of handlers) {
    if (!which.test(api.name) || NOT_ASKED.test(api.name) || kind === 'staging') continue;
    for (const long of longRequests(api, versions.last, words)) {
      await send(target, api, versions.last, long.draft(elements));
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

const settings = { 'offsets.topic.num.partitions': '2', 'transaction.state.log.num.partitions': '2' };
const prepare = async (target: Target): Promise<void> =>
  void (await createTopic(await target.connect(), 'there', PARTITIONS));

export const longRequestsOfEachApi: readonly Input[] = [
  {
    name: 'long-requests',
    what: `${ELEMENTS} elements in each array of each request, one request after the other`,
    settings,
    limits: { stopMs: 15_000 },
    prepare,
    run: (target) => sendAll(target, ELEMENTS, /./),
  },
  {
    name: 'longest-requests',
    what: `${MOST_ELEMENTS} elements in each array of six requests, one request after the other`,
    settings,
    limits: { stopMs: 15_000 },
    prepare,
    run: (target) => sendAll(target, MOST_ELEMENTS, DEAR),
  },
];
