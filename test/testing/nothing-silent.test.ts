/** Mistakes in a test that would make it say less than it seems to: each is told, with what was meant. */
import { expect, test } from 'vitest';
import type { TestBroker } from '../../src/testing/index.ts';
import { isElsewhere, startBroker } from './backends.ts';
import { matchers } from '../../src/testing/matchers.ts';

expect.extend(matchers);

const asWritten = (said: unknown): never => said as never;

test.each([
  ['an option of startBroker', { topic: ['orders'] }, "startBroker does not know 'topic': did you mean 'topics'?"],
  ['the option of the durable broker', { memory: true }, 'always in memory'],
  ['what is an option of a topic', { partitions: 3 }, "topics: [{ name: 'orders', partitions: 3 }]"],
  [
    'a topic',
    { topics: [{ name: 'orders', partition: 3 }] },
    "topic 'orders' does not know 'partition': did you mean 'partitions'?",
  ],
  [
    'a setting',
    { settings: { 'num.partition': 3 } },
    "unknown configuration 'num.partition': did you mean 'num.partitions'?",
  ],
  ['a list of topics', { topics: 'orders' }, "write a list, such as ['orders']"],
  ['a topic of a list', { topics: [null] }, "null is no topic: write 'orders' or { name: 'orders', partitions: 3 }"],
  ['the name of a topic', { topics: [{ nam: 'orders' }] }, "a topic does not know 'nam': did you mean 'name'?"],
  ['a number of partitions', { topics: [{ name: 'orders', partitions: '3' }] }, "partitions of 'orders' cannot be '3'"],
  ['a clock', { clock: 'virtuel' }, "clock cannot be 'virtuel': did you mean 'virtual'?"],
  ['a time for the wall clock', { now: 5 }, "now is for a virtual clock: write clock: 'virtual', too"],
  ['a time', { clock: 'virtual', now: 'yesterday' }, 'write milliseconds since 1970, or a Date'],
  ['more in sync than there are', { brokers: 3, minIsr: 4 }, 'of 3 brokers so many are never in sync'],
  ['what becomes of leftovers', { leftovers: 'thrown' }, "leftovers cannot be 'thrown': did you mean 'throw'?"],
  ['a level of the log', { logLevel: 'verbose' }, 'write debug or info or warn or error or silent'],
  ['a thread', { thread: 'yes' }, "thread cannot be 'yes': write true or false"],
  ['a port', { port: 99_999 }, 'ports end at 65535'],
  [
    'an option of tls',
    { tls: { clientauth: 'required' } },
    "tls does not know 'clientauth': did you mean 'clientAuth'?",
  ],
  ['a word of tls', { tls: { clientAuth: 'require' } }, "did you mean 'required'?"],
  ['a host of acls', { acls: { alice: ['read topic orders from localhost'] } }, 'write an address such as 127.0.0.1'],
  ['users without passwords', { users: ['alice'] }, "write { alice: 'secret' }"],
  ['an empty password', { users: { alice: '' } }, "'alice' has no password"],
  ['a field of a user', { users: { alice: { password: 'x', superuser: true } } }, "did you mean 'superUser'?"],
  ['a mechanism', { users: { alice: 'x' }, mechanisms: ['SCRAM-SHA-1'] }, "did you mean 'SCRAM-SHA-"],
  [
    'lines of acls',
    { acls: { alice: 'read topic orders' } },
    "acls of 'alice' cannot be 'read topic orders': write a list",
  ],
])('%s that is mistyped is refused with what was meant', async (_what, options, sentence) => {
  await expect(startBroker(asWritten(options))).rejects.toThrow(sentence);
});

/** What the control port refuses, it refuses in words of its own. */
const REFUSED_BY_THE_PORT = [
  'how often a fault strikes',
  'which request a fault strikes',
  'whose coordinator is asked for',
  'a disk that fails',
  'which locks expire',
  'how a broker stops',
  'what is coordinated',
  'what is coordinated as text',
];

const wordsOf = (what: string, sentence: string): string =>
  isElsewhere() && REFUSED_BY_THE_PORT.includes(what) ? '/openapi.json says what may be said' : sentence;

const mistakes: readonly (readonly [string, (kafka: TestBroker) => unknown, string])[] = [
  [
    'a filter of a fault',
    (kafka) => kafka.faults.on('Produce', asWritten({ topics: 'orders' })),
    "did you mean 'topic'?",
  ],
  [
    'a fault as data',
    (kafka) => kafka.faults.add(asWritten({ on: 'Produce', tpoic: 'orders', hold: true })),
    "did you mean 'topic'?",
  ],
  [
    'a place to pause',
    (kafka) => kafka.faults.pause(asWritten({ topic: 'orders', partitions: 1 })),
    "did you mean 'partition'?",
  ],
  [
    'a filter of the traffic',
    (kafka) => kafka.traffic.of('Produce', asWritten({ groupId: 'x' })),
    "does not know 'groupId'",
  ],
  [
    'an option of reading',
    (kafka) => kafka.messages('orders', asWritten({ partitions: 1 })),
    "did you mean 'partition'?",
  ],
  [
    'an option of a wait',
    (kafka) => kafka.waitForLag('billing', 0, asWritten({ timeot: 5 })),
    "did you mean 'timeout'?",
  ],
  [
    'options in the place of the expectation',
    (kafka) => kafka.waitForGroup('billing', asWritten({ timeout: 5 })),
    'third argument',
  ],
  [
    'options in the place of a number',
    (kafka) => kafka.waitForMessages('orders', asWritten({ timeout: 5 })),
    'before the options',
  ],
  [
    'options in the place of the lag',
    (kafka) => kafka.waitForLag('billing', asWritten({ timeout: 5 })),
    'takes a number',
  ],
  [
    'a field of an expected message',
    (kafka) => expect(kafka).toHaveMessage('orders', asWritten({ vaule: 1 })),
    "did you mean 'value'?",
  ],
  ['a request of a fault', (kafka) => kafka.faults.on(asWritten('produce')), "'produce': did you mean Produce?"],
  ['a fault of no request', (kafka) => kafka.faults.on(asWritten(undefined)), 'take a name such as Produce'],
  [
    'how often a fault strikes',
    (kafka) => kafka.faults.on('Produce').hold().times(asWritten('2')),
    "times cannot be '2': write a whole number, 1 or more",
  ],
  [
    'which request a fault strikes',
    (kafka) => kafka.faults.on('Produce').hold().nth(Infinity),
    'nth cannot be Infinity: write a whole number, 1 or more',
  ],
  [
    'whose coordinator is asked for',
    (kafka) => kafka.coordinatorOf(asWritten({ groups: 'billing' })),
    "does not know 'groups': did you mean 'group'?",
  ],
  [
    'when a fault disconnects',
    (kafka) => kafka.faults.on('Produce').disconnect(asWritten('befor')),
    "disconnect cannot be 'befor': did you mean 'before'?",
  ],
  [
    'a damaged batch of a request without any',
    (kafka) => kafka.faults.on('Metadata').corruptCrc(),
    'corruptCrc damages batches, and Metadata has none: write Produce or Fetch',
  ],
  [
    'an error in a fault as data',
    (kafka) => kafka.faults.add(asWritten({ on: 'Produce', reply: 'NOPE' })),
    "Kafka has no error 'NOPE'",
  ],
  [
    'a field of the request of a fault',
    (kafka) => kafka.faults.on('OffsetCommit', asWritten({ request: { topics: [{ nam: 'orders' }] } })).hold(),
    "topics of OffsetCommit does not know 'nam': did you mean 'name'?",
  ],
  ['a disk that fails', (kafka) => kafka.faults.disk.fail(asWritten('EIOO')), "did you mean 'EIO'?"],
  [
    'a field of a request',
    (kafka) => expect(kafka).not.toHaveReceived('OffsetCommit', asWritten({ group: 'billing' })),
    "OffsetCommit does not know 'group': did you mean 'groupId'?",
  ],
  ['a state', (kafka) => kafka.waitForGroup('billing', { state: asWritten('stable') }), "did you mean 'Stable'?"],
  ['a condition', (kafka) => kafka.waitUntil(asWritten(true)), 'waitUntil takes a function'],
  ['isolation', (kafka) => kafka.messages('orders', { isolation: asWritten('committed') }), 'write read_committed or'],
  ['an operation', (kafka) => kafka.waitForDenied({ operation: 'wrte' }), "'wrte' is none of all, read, write, create"],
  ['a quota', (kafka) => kafka.waitForThrottled({ quota: 'producerByteRate' }), "did you mean 'producer_byte_rate'?"],
  ['which locks expire', (kafka) => kafka.queue('mailer').expireLocks(asWritten({ topics: 'orders' })), "'topic'?"],
  ['onStop without a function', (kafka) => kafka.onStop(asWritten(undefined)), 'onStop takes a function'],
];

test.each(mistakes)('%s that is mistyped is refused with what was meant', async (what, mistake, sentence) => {
  await using kafka = await startBroker({ topics: ['orders'] });
  expect(() => mistake(kafka)).toThrow(wordsOf(what, sentence));
});

const refusedLater: readonly (readonly [string, (kafka: TestBroker) => Promise<unknown>, string])[] = [
  ['a message that is none', (kafka) => kafka.produce('orders', asWritten(undefined)), 'a message cannot be undefined'],
  [
    'a timestamp',
    (kafka) => kafka.produce('orders', { value: 'x', timestamp: asWritten('now') }),
    "a timestamp cannot be 'now': write milliseconds since 1970",
  ],
  [
    'a condition that answers a promise, which would hold at once',
    (kafka) => kafka.waitUntil(async () => Promise.resolve(false)),
    'the condition of waitUntil answers a promise: write one that looks and answers at once',
  ],
  ['a reset', (kafka) => kafka.reset({ connections: asWritten('closed') }), "did you mean 'close'?"],
  ['how a broker stops', (kafka) => kafka.brokers[0].stop(asWritten({ control: true })), 'it takes controlled'],
  ['a broker that there is not', (kafka) => kafka.moveLeader('orders', 0, 3), 'there is no broker 3'],
  ['isolation of one broker', (kafka) => kafka.isolate(0), 'startBroker({ brokers: 3 })'],
  [
    'what is coordinated',
    (kafka) => kafka.moveCoordinator(asWritten({ groups: 'billing' }), 0),
    "does not know 'groups': did you mean 'group'?",
  ],
  ['what is coordinated as text', (kafka) => kafka.moveCoordinator(asWritten('billing'), 0), "not 'billing'"],
  ['a topic of dead letters', (kafka) => kafka.queue('mailer').redrive('dlq.mails'), "there is no topic 'dlq.mails'"],
  ['lines where none are asked', (kafka) => kafka.acls.add('alice', 'read topic orders'), 'startBroker({ acls: {} })'],
  [
    'users where there are none',
    (kafka) => new Promise((done) => done(kafka.users.add('a', 'b'))),
    'started without users: write',
  ],
];

test.each(refusedLater)('%s is refused', async (what, mistake, sentence) => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await expect(mistake(kafka)).rejects.toThrow(wordsOf(what, sentence));
});

test('a user or a line that there is not cannot be taken away, nor a password set', async () => {
  await using kafka = await startBroker({ users: { alice: 'secret' }, acls: { alice: ['read topic orders'] } });
  await expect(kafka.users.remove('alcie')).rejects.toThrow(/no user 'alcie'/);
  await expect(kafka.users.setPassword('alcie', 'other')).rejects.toThrow(/no user 'alcie'/);
  await expect(kafka.acls.remove('alice', 'read topic order')).rejects.toThrow('there are: read topic orders');
  expect(kafka.acls.list()).toEqual({ alice: ['read topic orders'] });
});

test('a wait for a broker that has stopped ends at once, and says so', async () => {
  const kafka = await startBroker({ topics: ['orders'] });
  await kafka.stop();
  await expect(kafka.waitForMessages('orders')).rejects.toThrow(
    "the broker was stopped before a test waited for 1 message in 'orders'",
  );
});

test('a message with a field mistyped is refused, an object that only has a value is one', async () => {
  await using kafka = await startBroker();
  await expect(kafka.produce('orders', asWritten({ key: 'a', value: 1, header: {} }))).rejects.toThrow(
    "did you mean 'headers'?",
  );
  await kafka.produce('orders', { value: 5, currency: 'EUR' });
  expect(kafka.messages<{ currency: string }>('orders')[0].json.currency).toBe('EUR');
});

test('a wait that nobody awaited is named when the broker stops, with its place', async () => {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  void kafka.waitForMessages('orders', 2);
  await kafka.waitForGroup('billing', { state: 'Dead' });
  const { forgottenWaits } = await kafka.stop();
  expect(forgottenWaits).toEqual([
    expect.stringMatching(
      /^the wait for 2 messages in 'orders' at test\/testing\/nothing-silent\.test\.ts:\d+ was never awaited/,
    ),
  ]);
});

test('waits that are awaited together, or by an expectation, are not named', async () => {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'throw' });
  await kafka.produce('orders', 'a');
  await Promise.all([kafka.waitForMessages('orders'), kafka.waitForIdle({ quiet: 1 })]);
  await expect(kafka.waitForMessages('orders', 5, { timeout: 1 })).rejects.toThrow('found 1');
  await kafka.stop();
});
