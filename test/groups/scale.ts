/**
 * What steady heartbeats cost: `npm run scale:groups`. 5,000 groups of 10 members and one of 1,000, in each protocol,
 * through codecs, handlers and coordinator, without sockets. Prints CPU a heartbeat, the share of a core at the default
 * intervals, and how many timers run; last, how long a partition of a million offsets takes to read and in what slices.
 */
import {
  ConsumerGroupHeartbeat,
  Heartbeat,
  JoinGroup,
  ShareGroupHeartbeat,
  SyncGroup,
} from '../../protocol/apis/index.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { SlicedTasks } from '../../src/coordination/sliced-tasks.ts';
import { newGroupPartition } from '../../src/groups/kinds.ts';
import type { OffsetRecord } from '../../src/groups/offsets/records.ts';
import { encodeRecord } from '../../src/groups/records.ts';
import { replayPieces } from '../../src/groups/replay-log.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { MemoryLog } from '../coordination/memory-log.ts';
import { GroupBroker } from './group-broker.ts';

const ROUNDS = 5;
const CONFIG = {
  'group.max.size': 2000,
  'group.consumer.max.size': 2000,
  'group.share.max.size': 2000,
  'group.initial.rebalance.delay.ms': 10,
};

interface Beating {
  readonly broker: GroupBroker;
  readonly beats: readonly (() => Promise<{ readonly errorCode: number }>)[];
  readonly intervalMs: number;
}

async function classic(groups: number, size: number): Promise<Beating> {
  const broker = new GroupBroker(CONFIG).start();
  const beats: Beating['beats'][number][] = [];
  for (let i = 0; i < groups; i++) {
    const groupId = `g${i}`;
    const protocols = [{ name: 'range', metadata: Buffer.from('00000000000100027431ffffffff', 'hex') }];
    const times = { sessionTimeoutMs: 1_800_000, rebalanceTimeoutMs: 60_000 };
    const joining = Array.from({ length: size }, (_, member) =>
      broker.send(JoinGroup, 3, { groupId, ...times, memberId: '', protocolType: 'consumer', protocols }, 'c', member),
    );
    await broker.clock.advance(100);
    const members = (await Promise.all(joining)).map(({ memberId, leader }) => ({
      memberId,
      leads: leader === memberId,
    }));
    const assignments = members.map(({ memberId }) => ({ memberId, assignment: Buffer.alloc(20) }));
    members.sort((a, b) => Number(b.leads) - Number(a.leads));
    for (const { memberId, leads } of members) {
      await broker.send(SyncGroup, 3, { groupId, generationId: 1, memberId, assignments: leads ? assignments : [] });
      beats.push(() => broker.send(Heartbeat, 4, { groupId, generationId: 1, memberId }));
    }
  }
  return { broker, beats, intervalMs: 3000 };
}

async function consumer(groups: number, size: number): Promise<Beating> {
  const broker = new GroupBroker(CONFIG).start();
  broker.setTopic('many', size);
  const beats: Beating['beats'][number][] = [];
  for (let i = 0; i < groups; i++) {
    const groupId = `g${i}`;
    const epochs = new Map<string, number>();
    const beat = async (memberId: string): Promise<{ errorCode: number }> => {
      const memberEpoch = epochs.get(memberId) ?? 0;
      const first =
        memberEpoch === 0 ? { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['many'], topicPartitions: [] } : {};
      const answer = await broker.send(ConsumerGroupHeartbeat, 1, { groupId, memberId, memberEpoch, ...first });
      const given = answer.assignment?.topicPartitions;
      epochs.set(memberId, answer.memberEpoch);
      // What it was given it has at once.
      if (given === undefined) return answer;
      return broker.send(ConsumerGroupHeartbeat, 1, {
        groupId,
        memberId,
        memberEpoch: answer.memberEpoch,
        topicPartitions: given.map((each) => ({ topicId: each.topicId, partitions: [...each.partitions] })),
      });
    };
    for (let member = 0; member < size; member++) beats.push(() => beat(`m${member}`));
  }
  for (let round = 0; round < 4; round++) for (const beat of beats) await beat();
  return { broker, beats, intervalMs: 5000 };
}

async function share(groups: number, size: number): Promise<Beating> {
  const broker = new GroupBroker(CONFIG).start();
  broker.setTopic('many', size);
  const beats: Beating['beats'][number][] = [];
  for (let i = 0; i < groups; i++) {
    const groupId = `g${i}`;
    for (let member = 0; member < size; member++) {
      const memberId = `m${member}`;
      let memberEpoch = 0;
      beats.push(async () => {
        const subscribedTopicNames = memberEpoch === 0 ? ['many'] : null;
        const beat = { groupId, memberId, memberEpoch, subscribedTopicNames };
        const answer = await broker.send(ShareGroupHeartbeat, 1, beat);
        memberEpoch = answer.memberEpoch;
        return answer;
      });
    }
  }
  for (let round = 0; round < 4; round++) for (const beat of beats) await beat();
  return { broker, beats, intervalMs: 5000 };
}

async function measure(name: string, make: () => Promise<Beating>): Promise<void> {
  const { broker, beats, intervalMs } = await make();
  for (const beat of beats) await beat();
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    for (const beat of beats) if ((await beat()).errorCode !== 0) throw new Error(`${name}: a member was refused`);
  }
  const { user, system } = process.cpuUsage(before);
  const each = (user + system) / (ROUNDS * beats.length);
  const share = ((each * beats.length) / (intervalMs * 1000)) * 100;
  const timers = broker.clock.waiting;
  const text = `${each.toFixed(1)} µs a heartbeat, ${share.toFixed(1)} % of a core for ${beats.length} members`;
  process.stdout.write(`${name}: ${text} every ${intervalMs} ms, ${timers} timers\n`);
  broker.groups.stop();
}

async function measureLoading(count: number): Promise<void> {
  const log = new MemoryLog();
  for (let from = 0; from < count; from += 1000) {
    const records = Array.from({ length: 1000 }, (_, i) => {
      const stored = { offset: from, leaderEpoch: 0, metadata: '', commitTimestamp: 1, expireTimestamp: -1 };
      const committed = { ...stored, topicId: ZERO_UUID };
      const [groupId, partition] = [`g${(from + i) % 5000}`, (from / 1000 + i) % 40];
      const record: OffsetRecord = { type: 'offset', groupId, topic: 'orders', partition, committed };
      return encodeRecord(record, 1);
    });
    log.appendRecords(records);
  }
  let [longestMs, lastMs] = [0, performance.now()];
  const ticking = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  const beganMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    const partition = newGroupPartition();
    const pieces = replayPieces(
      log,
      partition,
      () => undefined,
      () => undefined,
    );
    new SlicedTasks(systemClock, 0).start({ pieces, done: resolve, failed: reject });
  });
  clearInterval(ticking);
  const tookMs = performance.now() - beganMs;
  process.stdout.write(
    `loading ${count} offsets: ${tookMs.toFixed(0)} ms, the loop was never held longer than ${longestMs.toFixed(0)} ms\n`,
  );
}

if (process.argv[2] !== 'loading') {
  await measure('classic, 5000 groups of 10', () => classic(5000, 10));
  await measure('classic, one group of 1000', () => classic(1, 1000));
  await measure('consumer, 5000 groups of 10', () => consumer(5000, 10));
  await measure('consumer, one group of 1000', () => consumer(1, 1000));
  await measure('share, 5000 groups of 10', () => share(5000, 10));
  await measure('share, one group of 1000', () => share(1, 1000));
}
await measureLoading(1_000_000);
