import { finish } from '../../src/platform/pieces.ts';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { emptyImage } from '../../src/cluster/image.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { recordsOf } from '../../src/cluster/image-records.ts';
import type { MetadataDraft, MetadataRecord } from '../../src/cluster/metadata-records.ts';
import { alterScramCredentials, type ScramUpsertion } from '../../src/cluster/scram-credentials.ts';

const salt = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
const saltedPassword = pbkdf2Sync('pencil', salt, 4096, 20, 'sha256');
const alice: ScramUpsertion = { name: 'alice', mechanism: 1, iterations: 4096, salt, saltedPassword };

const imageAfter = (records: MetadataDraft[]) => replay(emptyImage('c'), records as MetadataRecord[], 1);
const imageAt = (featureLevel: number) =>
  imageAfter([{ type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel }]);
const NONE = imageAt(11);

test('the keys are those by which RFC 5802 checks a password', () => {
  const { results, records } = finish(alterScramCredentials([], [alice], NONE));
  expect(results).toEqual([{ user: 'alice', errorCode: 0, errorMessage: null }]);
  const image = imageAfter(records);
  const [kept] = image.scramCredentials.values();
  const clientKey = createHmac('sha256', saltedPassword).update('Client Key').digest();
  expect(kept.storedKey).toEqual(createHash('sha256').update(clientKey).digest());
  expect(kept.serverKey).toEqual(createHmac('sha256', saltedPassword).update('Server Key').digest());
  expect(imageAfter(recordsOf(image)).scramCredentials).toEqual(image.scramCredentials);
});

test('a user can have a credential of each mechanism, and loses the one that is deleted', () => {
  const first = finish(alterScramCredentials([], [alice], NONE)).records;
  const second = finish(alterScramCredentials([], [{ ...alice, mechanism: 2 }], NONE)).records;
  const both = { ...NONE, scramCredentials: imageAfter([...first, ...second]).scramCredentials };
  expect([...both.scramCredentials.keys()]).toEqual(['1:alice', '2:alice']);
  const { records } = finish(alterScramCredentials([{ name: 'alice', mechanism: 1 }], [], both));
  expect([...imageAfter([...first, ...second, ...records]).scramCredentials.keys()]).toEqual(['2:alice']);
});

test.each([
  ['no name', { name: '' }, 93, 'Username must not be empty'],
  ['an unknown mechanism', { mechanism: 3 }, 33, 'Unknown SCRAM mechanism'],
  ['few iterations', { iterations: 4095 }, 93, 'Too few iterations'],
  ['many iterations', { iterations: 16_385 }, 93, 'Too many iterations'],
  ['no password', { saltedPassword: Buffer.alloc(0) }, 93, 'There is no salted password'],
])('a credential with %s is refused', (_what, more, errorCode, errorMessage) => {
  const { results, records } = finish(alterScramCredentials([], [{ ...alice, ...more }], NONE));
  expect(results).toMatchObject([{ errorCode, errorMessage }]);
  expect(records).toEqual([]);
});

test('there are none before metadata.version 3.5-IV2', () => {
  const deletion = { name: 'bob', mechanism: 1 };
  const { results, records } = finish(alterScramCredentials([deletion], [alice], imageAt(10)));
  const errorMessage = 'The current metadata.version does not support SCRAM';
  expect(results).toEqual(['bob', 'alice'].map((user) => ({ user, errorCode: 35, errorMessage })));
  expect(records).toEqual([]);
});

test('a user is altered once in a request, and others as they ask', () => {
  const { results, records } = finish(
    alterScramCredentials(
      [{ name: 'nobody', mechanism: 1 }],
      [alice, { ...alice, mechanism: 2 }, { ...alice, name: 'bob' }],
      NONE,
    ),
  );
  expect(Object.fromEntries(results.map(({ user, errorCode }) => [user, errorCode]))).toEqual({
    nobody: 91,
    alice: 92,
    bob: 0,
  });
  expect(records).toHaveLength(1);
});
