/** Partitions move between members that join, leave and die, each of them a process of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { Kafka, logLevel } from 'kafkajs';
import { test } from 'vitest';
import { ConsumerGroupDescribe, DescribeGroups } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { Reader } from '../../protocol/reader.ts';
import { freshName, useBroker } from './bootstrap.ts';
import { librdkafka } from './librdkafka.ts';
import type { MemberClient } from './member.ts';

// Short sessions and frequent heartbeats, so that tests are short.
const bootstrap = useBroker({
  'group.min.session.timeout.ms': '1000',
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.heartbeat.interval.ms': '100',
  'group.consumer.assignment.interval.ms': '0',
});

const PARTITIONS = [0, 1, 2, 3];
const patience = { timeout: 30_000 };

/** Sizes of the members' assignments in ascending order, once the group is stable. */
async function spread(client: MemberClient, groupId: string): Promise<string> {
  const [host, port] = bootstrap.address.split(':');
  const connection = await connect({ host, port: Number(port) });
  const sizes: number[] = [];
  let state: string;
  if (client.endsWith('consumer')) {
    const asked = { groupIds: [groupId], includeAuthorizedOperations: false };
    const [group] = (await connection.send(ConsumerGroupDescribe, 1, asked)).groups;
    state = group.groupState;
    for (const { assignment } of group.members) {
      sizes.push(assignment.topicPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0));
    }
  } else {
    const [group] = (await connection.send(DescribeGroups, 5, { groups: [groupId] })).groups;
    state = group.groupState;
    for (const { memberAssignment } of group.members) sizes.push(assigned(memberAssignment));
  }
  await connection.close();
  return `${state} ${sizes.sort((a, b) => a - b).join()}`;
}

/** How many partitions an assignment of the classic protocol gives; as the consumer protocol of clients has it. */
function assigned(assignment: Uint8Array): number {
  const reader = new Reader(Buffer.from(assignment));
  if (assignment.length === 0) return 0;
  reader.int16(); // version
  let count = 0;
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.string();
    const partitions = reader.int32();
    for (let i = 0; i < partitions; i++) reader.int32();
    count += partitions;
  }
  return count;
}

const clients: MemberClient[] = [
  'kafkajs',
  '@platformatic/kafka, classic',
  '@platformatic/kafka, consumer',
  'librdkafka, classic',
  'librdkafka, consumer',
];

test.concurrent.for(clients)(
  '%s: partitions follow members that join, leave and die',
  { timeout: 90_000 },
  async (client, { skip, expect, onTestFinished }) => {
    if (client.startsWith('librdkafka') && librdkafka === null) skip('npm run librdkafka brings it');
    const [topic, groupId] = [freshName('shared'), freshName('group')];
    const kafka = new Kafka({ brokers: [bootstrap.address], logLevel: logLevel.NOTHING });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS.length }] });

    const received = new Map<ChildProcess, Set<string>>();
    const start = (): ChildProcess => {
      const member = fork(new URL('member.ts', import.meta.url), [client, bootstrap.address, groupId, topic]);
      const values = new Set<string>();
      member.on('message', (value) => values.add(value as string));
      received.set(member, values);
      onTestFinished(() => void member.kill('SIGKILL'));
      return member;
    };
    /** Four values, one a partition, all reach those members; some clients deliver a value again. */
    const deliver = async (text: string, ...members: ChildProcess[]): Promise<void> => {
      const messages = PARTITIONS.map((partition) => ({ partition, value: `${text}${partition}` }));
      await producer.send({ topic, messages });
      const values = () => new Set(members.flatMap((each) => [...received.get(each)!]));
      const isDelivered = () => messages.every(({ value }) => values().has(value));
      await expect.poll(isDelivered, patience).toBe(true);
    };
    const settles = (expected: string): Promise<void> =>
      expect.poll(() => spread(client, groupId), patience).toBe(expected);

    const [first, second] = [start(), start()];
    await settles('Stable 2,2');
    await deliver('both', first, second);
    second.send('leave');
    await settles('Stable 4');
    await deliver('left', first);
    const third = start();
    await settles('Stable 2,2');
    await deliver('three', first, third);
    first.kill('SIGKILL');
    await settles('Stable 4');
    await deliver('died', third);
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  },
);
