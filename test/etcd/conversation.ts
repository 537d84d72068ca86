/**
 * What is asked of an etcd, and what it answers, as lines of text: the same from a simulated one and from a real one. Revisions
 * count from the beginning of the conversation; members, terms and times are left out.
 */
import {
  prefixEnd,
  RpcError,
  type Calls,
  type Channel,
  type Compare,
  type KeyValue,
  type Method,
  type RangeResponse,
  type RequestOp,
  type ResponseOp,
  type WatchResponse,
} from '../../src/etcd/channel.ts';

/** Above 2^53, as those that etcd chooses. */
const LEASE = '7587890123456789012';
const OTHER_LEASE = '7587890123456789013';
const DEADLINE_MS = 5000;
const POLL_MS = 100;

const bytes = (text: string): Buffer => Buffer.from(text);
const put = (key: string, value: string, lease?: string): RequestOp => ({
  put: { key: bytes(key), value: bytes(value), lease },
});

export interface Conversation {
  readonly channel: Channel;
  readonly wait: (delayMs: number) => Promise<void>;
}

/** The store behind `channel` holds nothing below 'talk/', and knows none of the leases above. */
export async function converse({ channel, wait }: Conversation): Promise<string[]> {
  const talk = new Talk(channel, wait);
  await talk.begin();
  await keys(talk);
  await ranges(talk);
  await refusals(talk);
  await leases(talk);
  await watches(talk);
  await compaction(talk);
  return talk.lines;
}

class Talk {
  readonly lines: string[] = [];
  readonly channel: Channel;
  readonly wait: (delayMs: number) => Promise<void>;
  base = 0;

  constructor(channel: Channel, wait: (delayMs: number) => Promise<void>) {
    this.channel = channel;
    this.wait = wait;
  }

  async begin(): Promise<void> {
    const { header } = await this.channel.call(
      'range',
      { key: bytes('talk/'), rangeEnd: prefixEnd(bytes('talk/')) },
      DEADLINE_MS,
    );
    this.base = header.revision;
  }

  say(title: string, text: string): void {
    this.lines.push(`${title}: ${text}`);
  }

  async ask<M extends Method>(title: string, method: M, request: Calls[M][0], show: (response: Calls[M][1]) => string) {
    try {
      this.say(title, show(await this.channel.call(method, request, DEADLINE_MS)));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.say(title, `error ${error.code} ${error.message.slice(error.message.indexOf(': ') + 2)}`);
    }
  }

  txn(title: string, success: RequestOp[], compare: Compare[] = [], failure: RequestOp[] = []): Promise<void> {
    return this.ask(title, 'txn', { compare, success, failure }, ({ header, succeeded, responses }) => {
      return `${succeeded ? 'done' : 'not done'} at ${this.at(header.revision)} [${responses.map((op) => this.op(op)).join('; ')}]`;
    });
  }

  range(title: string, request: Calls['range'][0]): Promise<void> {
    return this.ask(title, 'range', request, (response) => this.ranged(response));
  }

  /** Revisions from the beginning of the conversation on. */
  at(revision: number): string {
    return revision === 0 ? '0' : `+${revision - this.base}`;
  }

  ranged({ header, kvs, more, count }: RangeResponse): string {
    return `at ${this.at(header.revision)} ${count} found${more ? ', more' : ''} (${kvs.map((kv) => this.kv(kv)).join(', ')})`;
  }

  kv({ key, value, createRevision, modRevision, version, lease }: KeyValue): string {
    const since = `${this.at(createRevision)}/${this.at(modRevision)} v${version}`;
    return `${key.toString()}=${value.toString()} ${since}${lease === '0' ? '' : ` lease ${lease}`}`;
  }

  op(op: ResponseOp): string {
    if ('range' in op) return this.ranged(op.range);
    return 'put' in op ? 'put' : `deleted ${op.deleteRange.deleted}`;
  }
}

function compared(key: string, target: Compare['target'], is: Compare['is'], value: number): Compare {
  return { key: bytes(key), target, is, value };
}

async function keys(talk: Talk): Promise<void> {
  await talk.txn('made where it is missing', [put('talk/a', '1')], [compared('talk/a', 'createRevision', '=', 0)]);
  await talk.txn(
    'not made where it is there',
    [put('talk/a', '2')],
    [compared('talk/a', 'createRevision', '=', 0)],
    [{ range: { key: bytes('talk/a') } }],
  );
  for (const target of ['version', 'createRevision', 'modRevision'] as const) {
    for (const is of ['=', '!=', '<', '>'] as const) {
      for (const [name, key, value] of [
        ['of a key', 'talk/a', target === 'version' ? 1 : talk.base + 1],
        ['of none', 'talk/none', 0],
      ] as const) {
        await talk.txn(`${target} ${is} ${name}`, [], [compared(key, target, is, value)]);
      }
    }
  }
  await talk.txn('two keys in one revision', [
    put('talk/b', 'x'),
    put('talk/c', 'y'),
    { range: { key: bytes('talk/b') } },
  ]);
  await talk.txn('put again', [put('talk/a', '3')]);
  await talk.txn('deleted', [{ deleteRange: { key: bytes('talk/b') } }, { deleteRange: { key: bytes('talk/none') } }]);
  await talk.txn('made anew', [put('talk/b', 'z')]);
  await talk.txn('nothing done is no revision', []);
  await talk.txn('nothing deleted is no revision', [{ deleteRange: { key: bytes('talk/none') } }]);
}

async function ranges(talk: Talk): Promise<void> {
  const all = { key: bytes('talk/'), rangeEnd: prefixEnd(bytes('talk/')) };
  await talk.range('one key', { key: bytes('talk/a') });
  await talk.range('no key', { key: bytes('talk/none') });
  await talk.range('a prefix', all);
  await talk.range('two of three', { ...all, limit: 2 });
  await talk.range('as many as there are', { ...all, limit: 3 });
  await talk.range('keys alone', { ...all, keysOnly: true });
  await talk.range('their number', { ...all, countOnly: true });
  await talk.range('from a to before c', { key: bytes('talk/a'), rangeEnd: bytes('talk/c') });
  await talk.range('as it was', { ...all, revision: talk.base + 2 });
  await talk.range('as it was when a key was deleted', { ...all, revision: talk.base + 4 });
}

async function refusals(talk: Talk): Promise<void> {
  await talk.range('of the future', { key: bytes('talk/a'), revision: talk.base + 1000 });
  const many = Array.from({ length: 129 }, (_, i) => put(`talk/many-${i}`, ''));
  await talk.txn('too many operations', many);
  const reads = many.slice(1).map(() => ({ range: { key: bytes('talk/a') } }));
  const answered = ({ responses }: { responses: readonly ResponseOp[] }): string => `${responses.length} answers`;
  await talk.ask('as many as are allowed', 'txn', { compare: [], success: reads }, answered);
  await talk.txn('one key twice', [put('talk/d', '1'), put('talk/d', '2')]);
  await talk.txn('a lease that is not there', [put('talk/d', '1', OTHER_LEASE)]);
  await talk.range('none of it has happened', { key: bytes('talk/d') });
}

async function leases(talk: Talk): Promise<void> {
  const ttl = (title: string, id: string): Promise<void> =>
    talk.ask(title, 'leaseTimeToLive', { id, keys: true }, ({ ttl: left, grantedTtl, keys: held }) => {
      return `${left < 0 ? 'not there' : left <= grantedTtl ? 'lives' : 'lives too long'}, granted ${grantedTtl}, ${held.join(' ')}`;
    });
  await talk.ask('a short lease', 'leaseGrant', { id: LEASE, ttl: 1 }, ({ ttl: granted }) => `granted ${granted}`);
  await talk.ask('the same again', 'leaseGrant', { id: LEASE, ttl: 5 }, ({ ttl: granted }) => `granted ${granted}`);
  await talk.txn('keys of it', [put('talk/l1', '1', LEASE), put('talk/l2', '2', LEASE)]);
  await talk.txn('a key that leaves it', [put('talk/l2', '3')]);
  await ttl('it lives', LEASE);
  await ttl('another does not', OTHER_LEASE);
  const answers: number[] = [];
  const stream = talk.channel.keepAlive({
    received: ({ ttl: left }) => void answers.push(left),
    ended: (error) => talk.say('keepalive ended', error?.message ?? 'in order'),
  });
  const begunAt = answers.length;
  for (const id of [LEASE, OTHER_LEASE]) {
    const before = answers.length;
    stream.send(id);
    while (answers.length === before) await talk.wait(POLL_MS);
  }
  talk.say('kept alive, one that is there and one that is not', answers.slice(begunAt).join(', '));
  stream.close();
  let waitedMs = 0;
  const isThere = async (): Promise<boolean> =>
    (await talk.channel.call('range', { key: bytes('talk/l1') }, DEADLINE_MS)).count === 1;
  for (; await isThere(); waitedMs += POLL_MS) await talk.wait(POLL_MS);
  talk.say('not kept alive', waitedMs >= 1000 && waitedMs <= 6000 ? 'it goes in time' : `goes after ${waitedMs} ms`);
  await talk.range('its key is gone, the one that left it is not', {
    key: bytes('talk/l'),
    rangeEnd: prefixEnd(bytes('talk/l')),
  });
  await ttl('it is gone', LEASE);
  await talk.ask(
    'another lease',
    'leaseGrant',
    { id: OTHER_LEASE, ttl: 60 },
    ({ ttl: granted }) => `granted ${granted}`,
  );
  await talk.txn('a key of it', [put('talk/l3', '1', OTHER_LEASE)]);
  await talk.ask('revoked', 'leaseRevoke', { id: OTHER_LEASE }, ({ header }) => `at ${talk.at(header.revision)}`);
  await talk.range('its key is gone', { key: bytes('talk/l3') });
  await talk.ask('revoked again', 'leaseRevoke', { id: OTHER_LEASE }, () => 'done');
}

async function watches(talk: Talk): Promise<void> {
  const told: WatchResponse[] = [];
  const stream = talk.channel.watch({
    received: (response) => void told.push(response),
    ended: (error) => talk.say('watch ended', error?.message ?? 'in order'),
  });
  const eventCount = (): number => told.reduce((sum, { events }) => sum + events.length, 0);
  const until = async (count: number): Promise<void> => {
    while (eventCount() < count) await talk.wait(POLL_MS);
  };
  const all = prefixEnd(bytes('talk/'));
  stream.send({ key: bytes('talk/'), rangeEnd: all, startRevision: talk.base + 1 });
  const history = 11;
  await until(history);
  await talk.txn('while it is watched', [put('talk/w', '1'), { deleteRange: { key: bytes('talk/a') } }]);
  await until(history + 2);
  await talk.txn('what does not fit is not told', [put('elsewhere', '1')]);
  const before = told.length;
  stream.send('progress');
  while (told.length === before) await talk.wait(POLL_MS);
  const { events, header } = told.at(-1)!;
  talk.say('progress', `${events.length} events at ${talk.at(header.revision)}`);
  stream.close();
  talk.say('the first answer', `${told[0].created ? 'created' : 'not created'}, ${told[0].events.length} events`);
  for (const { events: each } of told) {
    for (const { type, kv } of each) talk.say('event', `${type} ${talk.kv(kv)}`);
  }
}

async function compaction(talk: Talk): Promise<void> {
  const done = (): string => 'done';
  await talk.ask('compacted', 'compact', { revision: talk.base + 5 }, done);
  await talk.ask('compacted again', 'compact', { revision: talk.base + 5 }, done);
  await talk.ask('compacted before', 'compact', { revision: talk.base + 2 }, done);
  await talk.ask('compacted in the future', 'compact', { revision: talk.base + 10_000 }, done);
  await talk.range('before the compaction', { key: bytes('talk/c'), revision: talk.base + 3 });
  await talk.range('at the compaction', { key: bytes('talk/c'), revision: talk.base + 5 });
  const told: WatchResponse[] = [];
  const stream = talk.channel.watch({
    received: (response) => void told.push(response),
    ended: (error) => talk.say('watch ended', error?.message ?? 'in order'),
  });
  stream.send({ key: bytes('talk/c'), startRevision: talk.base + 2 });
  while (!told.some(({ canceled }) => canceled)) await talk.wait(POLL_MS);
  stream.close();
  talk.say('a watch from before it', `canceled, compacted at ${talk.at(told.at(-1)!.compactRevision)}`);
}
