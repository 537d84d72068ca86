import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { KAFKA_VERSION } from '../../scripts/kafka/index.ts';
import { Broker, hasKafka, until } from './brokers.ts';
import { append, contents, create, keyed, listOffset } from './partition.ts';

/** The table in docs/durability.md: null where that Kafka opens the directory, else what it says as it ends. */
const ENDS: Readonly<Record<string, { readonly new: string | null; readonly old: string | null }>> = {
  '4.4.0': { new: null, old: null },
  '4.3.1': { new: 'No MetadataVersion with feature level 33', old: null },
};
const OF_4_3 = join(import.meta.dirname, '../../test/broker/fixtures/metadata-4.3');
const GROUP = 'readers';
/** The records of the older directory grow old. */
const settings = { 'log.retention.ms': '-1' };

/** Writes and commits, and stops in order. */
async function filled(which: 'new' | 'old'): Promise<Broker> {
  const ottla = new Broker('ottla', { settings });
  onTestFinished(() => ottla.remove());
  if (which === 'old') cpSync(OF_4_3, ottla.logDirectory, { recursive: true });
  await ottla.start();
  await create(ottla, 'written', {});
  for (let i = 0; i < 5; i++) await append(ottla, 'written', keyed({ [`k${i}`]: `v${i}` }, Date.now()));
  await coordinated(ottla);
  const { topics } = await ottla.client.send(OffsetCommit, 8, {
    groupId: GROUP,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 'written', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: null }] }],
  });
  expect(topics[0].partitions[0].errorCode).toBe(0);
  return ottla;
}

async function coordinated(broker: Broker): Promise<void> {
  await until(
    () => broker.client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [GROUP] }),
    ({ coordinators: [{ errorCode }] }) => errorCode === ErrorCode.NONE,
  );
}

/** Where the group goes on. */
async function committed(broker: Broker): Promise<number> {
  await coordinated(broker);
  const { groups } = await until(
    () => broker.client.send(OffsetFetch, 8, { groups: [{ groupId: GROUP, topics: null }] }),
    ({ groups: [{ errorCode }] }) => errorCode === ErrorCode.NONE,
  );
  return groups[0].topics.find(({ name }) => name === 'written')?.partitions[0].committedOffset ?? -1;
}

async function topicsOf({ client }: Broker): Promise<string[]> {
  const { topics } = await client.send(Metadata, 12, { topics: null });
  return topics.map(({ name }) => name ?? '').toSorted();
}

const expected = ENDS[KAFKA_VERSION];

describe.skipIf(!hasKafka || expected === undefined)(`a directory of Ottla under Apache Kafka ${KAFKA_VERSION}`, () => {
  it.each(['new', 'old'] as const)(
    'that is %s is opened or refused as the documentation says',
    async (which) => {
      const ottla = await filled(which);
      const before = { topics: await topicsOf(ottla), records: await contents(ottla, 'written') };
      await ottla.stop();
      const kafka = new Broker('kafka', { settings, isTakenOver: true });
      onTestFinished(() => kafka.remove());
      cpSync(ottla.logDirectory, kafka.logDirectory, { recursive: true });
      const why = expected[which];
      const end = await kafka.start().then(
        () => null,
        (error: unknown) => String(error),
      );
      expect(end === null).toBe(why === null);
      expect(end ?? '').toContain(why ?? '');
      if (end !== null) return;

      expect({ topics: await topicsOf(kafka), records: await contents(kafka, 'written') }).toEqual(before);
      expect(await committed(kafka)).toBe(3);
      const endOffset = await listOffset(kafka, 'written', -1);
      expect(await append(kafka, 'written', keyed({ more: 'x' }, Date.now()))).toBe(endOffset);
      await create(kafka, 'made-by-kafka', {});
      await kafka.stop();

      // The way back is open for folders of partitions alone.
      rmSync(ottla.logDirectory, { recursive: true });
      cpSync(kafka.logDirectory, ottla.logDirectory, { recursive: true });
      await expect(ottla.start()).rejects.toThrow(
        'an Apache Kafka has run on this directory and leads its metadata log',
      );
    },
    400_000,
  );
});
