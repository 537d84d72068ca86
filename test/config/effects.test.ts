/** What docs/configuration.md says of each key, held against the code: a key acts when something outside the tables reads it. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { effectOf } from '../../src/config/effects.ts';
import { groupKeys } from '../../src/config/group.ts';
import { serverKeys } from '../../src/config/server.ts';
import { topicKeys } from '../../src/config/topic.ts';

const TABLES =
  /^config\/(server(-.*)?|topic|group|group-broker-keys|ottla|effects|describe|alter|conflicts|settings|layers|client-metrics)\.ts$/;
const ELSEWHERE = /^(cli|testing)\//;
const source = new URL('../../src/', import.meta.url);
const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !TABLES.test(path) && !ELSEWHERE.test(path))
  .map((path) => readFileSync(new URL(path, source), 'utf8'))
  .join('\n');
const isRead = (key: string) => code.includes(`'${key}'`);

/** Group keys that are read together with the broker's bounds of them. */
const BOUNDED =
  /^consumer\.(?!assignor)|^share\.(record|delivery|partition)\.|^(share|streams)\.(assignment\.interval|heartbeat\.interval|session\.timeout)\./;

/** Acts by another name, or through a table that names it: `node.id` stands for it, it is a spelling, a group's own value. */
const READ_OTHERWISE = new Set([
  'broker.id',
  ...Object.keys(groupKeys).filter((key) => BOUNDED.test(key)),
  ...Object.keys(serverKeys).filter((key) => /^group\.share\.(m(in|ax)\.)?(record|delivery|partition)\./.test(key)),
]);

const keys = [...new Set([...Object.keys(serverKeys), ...Object.keys(topicKeys), ...Object.keys(groupKeys)])];

test('every key that is said to act is read by something', () => {
  const idle = keys.filter((key) => effectOf(key) === 'yes' && !isRead(key) && !READ_OTHERWISE.has(key));
  expect(idle).toEqual([]);
});

test('no key that is said not to act is read', () => {
  const read = keys.filter((key) => effectOf(key) !== 'yes' && isRead(key));
  expect(read).toEqual([]);
});

test('the exceptions are needed', () => {
  expect([...READ_OTHERWISE].filter((key) => isRead(key) || effectOf(key) !== 'yes')).toEqual([]);
});

test.each([
  ['message.max.bytes', 'yes'],
  ['listener.name.internal.max.connections', 'yes'],
  ['controller.quorum.voters', 'yes'],
  ['unclean.leader.election.enable', 'yes'],
  ['controller.quorum.election.timeout.ms', 'no'],
  ['num.io.threads', 'no'],
  ['listener.name.internal.ssl.keystore.location', 'yes'],
  ['delegation.token.expiry.time.ms', 'yes'],
  ['remote.storage.enable', 'not yet'],
] as const)('%s acts: %s', (key, effect) => {
  expect(effectOf(key)).toBe(effect);
});
