/**
 * Forty corners of the protocol where other brokers have failed their clients, and the test that holds Ottla to each. Those of
 * clusters, of security and of share groups come with these.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

type Corner = readonly [what: string, file: string, test: string] | readonly [what: string, later: string];

const here = 'corners/single-broker';
const CORNERS: readonly Corner[] = [
  [
    'ApiVersions in an unknown version gets a v0 body, error 35',
    'apis/18-api-versions',
    'is told in v0 what it may use',
  ],
  ['Produce is advertised from 0 on', 'apis/18-api-versions', 'lists every handler there is, by key, and itself'],
  ['features, without those that begin at 0 before v4', 'apis/18-api-versions', 'none that begin at 0 before v4'],
  ['clients that do not ask for versions', here, 'a client that never asks for versions is served'],
  ['no field in a version that lacks it', here, 'a field that a version does not have is not written in it'],
  ['a fetch from within a batch gets all of it', 'partitions/read', 'from within a batch finds the whole batch'],
  ['a long poll is always answered', 'apis/01-fetch', 'is answered empty when its time is over, not before'],
  [
    'a first batch beyond the limits is given',
    'partitions/read',
    'exceeded by the first batch, so that everybody moves on',
  ],
  ['acks=0 leaves no gap in the answers', 'apis/00-produce', 'acks=0 is not answered'],
  ['ListOffsets by time and by every special time', 'apis/offsets-of-partitions', 'says what its readers know'],
  [
    'topics created on demand, under allowed names',
    'apis/metadata',
    'is not created under a name that no topic may have',
  ],
  ['described configurations can be set again', here, 'what DescribeConfigs tells of a topic can be set again'],
  ['append, subtract, and what AlterConfigs resets', 'apis/configs', 'AlterConfigs takes away what it does not name'],
  [
    'of several topics each gets its own answer',
    'cluster/topics',
    'those that can be are created, and each gets its own',
  ],
  ['the metadata of a committed offset comes back', here, 'the text and the leader epoch of a committed offset'],
  ['DescribeLogDirs', 'apis/log-dirs', 'log directories are shown with the partitions asked for'],
  ['too large a batch, no key on a compacted topic', 'log/validate', 'refuses records without a key one by one'],
  ['a transaction that may take too long', here, 'a transaction longer than the broker allows is refused'],
  ['read_committed and its aborted transactions', 'partitions/read', 'read_committed stops before the oldest open'],
  ['a control record of six bytes', here, 'the value of a control record is version and coordinator epoch'],
  ['transactions of version 2, and of version 1', 'transactions/restart', 'ends whole, wherever the broker was killed'],
  ['zombies are fenced', 'clients/transactions', 'fences the older, and ends what it left open'],
  ['a coordinator that loads answers soon', 'groups/loading', 'a broker answers before it has read many offsets'],
  ['producers survive a restart', 'transactions/fencing-races', 'a duplicate gets the offset of the first time'],
  ['rebalances side by side, static members', 'groups/scenarios', 'scenario'],
  ['expressions are RE2, groups change their protocol', 'patterns/name-pattern', 'RE2 takes'],
  ['share groups', 'share groups'],
  ['epochs of leaders, and logs that part', 'partitions/read', 'that never were are OFFSET_OUT_OF_RANGE'],
  ['LogAppendTime and limits on timestamps', 'log/validate', 'stamps with the time of the broker'],
  ['DeleteRecords, again and again', 'apis/offsets-of-partitions', 'moves the start forward and never back'],
  ['cleanup.policy=compact is told', here, 'a topic that Connect or a schema registry keeps its state in'],
  ['compaction leaves the end reachable', 'log/cleaner/compaction', 'leaves the end of what it cleaned reachable'],
  ['codecs as they came', here, 'batches lie in the log in the codec they came in'],
  ['SASL: handshakes, re-authentication, SCRAM', 'security'],
  ['throttling after the answer, request quotas', 'security'],
  ['producers, transactions, partitions and resources', here, 'producers, transactions, partitions, resources and the'],
  ['localhost over IPv4 and IPv6', here, 'localhost is answered over IPv4 and over IPv6'],
  ['cluster ids', here, 'each cluster has an id of its own, and tells it everywhere alike'],
  ['telemetry that nobody wants', 'apis/admin', 'nothing is wanted, and a client that asks again too early waits'],
  ['a TLS hello on a plain port', 'net/connection', 'the hello of a TLS client'],
];

test('there are forty, and only those of parts to come have no test', () => {
  expect(CORNERS).toHaveLength(40);
  expect(CORNERS.filter((corner) => corner.length === 2).map(([what]) => what)).toHaveLength(3);
});

const tested = CORNERS.flatMap((corner, at) => (corner.length === 3 ? [[at + 1, ...corner] as const] : []));

test.each(tested)('%i: %s', (_number, _what, file, name) => {
  const text = readFileSync(new URL(`../${file}.test.ts`, import.meta.url), 'utf8');
  expect(text, `test/${file}.test.ts has no test named '${name}'`).toContain(name);
});
