/** The state of share groups, which Ottla and Apache Kafka keep in the same records: each goes on where the other has ended. */
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { runTool } from '../../scripts/kafka/index.ts';
import { Ack, ShareMember, type Delivered } from '../../test/testing/share-member.ts';
import { Broker, hasKafka, until } from './brokers.ts';
import { append, create, keyed } from './partition.ts';

const GROUP = 'workers';
const GROUP_CONFIG = 32;
const settings = {
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'log.retention.ms': '-1',
};
const FORMATTERS = 'org.apache.kafka.tools.consumer';

/** A member with all that there is for it, as offset×deliveries. */
async function working(broker: Broker, work: (member: ShareMember, records: Delivered[]) => Promise<void>) {
  const { coordinators } = await until(
    () => broker.client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [GROUP] }),
    ({ coordinators: [{ errorCode }] }) => errorCode === ErrorCode.NONE,
  );
  expect(coordinators).toHaveLength(1);
  const own = { bootstrapBrokers: [broker.address], onStop: () => {} };
  const member = await ShareMember.join(own, GROUP, ['jobs'], `${broker.name}-${broker.address}`, false);
  const records = await until(
    () => member.fetch(500),
    (some) => some.length > 0,
  );
  await work(member, records);
  await member.leave();
  return records.map(({ offset, deliveries }) => `${offset}x${deliveries}`).join(' ');
}

async function accept(member: ShareMember, records: readonly Delivered[], ...offsets: number[]): Promise<void> {
  const some = records.filter(({ offset }) => offsets.includes(offset));
  expect(await member.acknowledge(some, Ack.accept)).toEqual([ErrorCode.NONE]);
}

/** Six jobs, of which 0, 1 and 4 are done, 2 was released, and the others were held until the member went. */
async function begun(): Promise<Broker> {
  const ottla = new Broker('ottla', { settings });
  onTestFinished(() => ottla.remove());
  await ottla.start();
  await create(ottla, 'jobs', {});
  const configs = [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }];
  const resources = [{ resourceType: GROUP_CONFIG, resourceName: GROUP, configs }];
  await ottla.client.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
  await append(ottla, 'jobs', keyed({ a: '0', b: '1', c: '2', d: '3', e: '4', f: '5' }, Date.now()));
  const told = await working(ottla, async (member, records) => {
    await accept(member, records, 0, 1);
    expect(await member.acknowledge([records[2]], Ack.release)).toEqual([ErrorCode.NONE]);
    await accept(member, records, 4);
  });
  expect(told).toBe('0x1 1x1 2x1 3x1 4x1 5x1');
  return ottla;
}

/** The objects that a formatter wrote. */
function objectsIn(output: string): { key: { data: Record<string, unknown> }; value: { data: unknown } | null }[] {
  return output
    .replaceAll('}{', '}\n{')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line.slice(0, line.lastIndexOf('}') + 1)) as ReturnType<typeof objectsIn>[number]);
}

describe.skipIf(!hasKafka)('the state of share groups', () => {
  it('is read by Apache Kafka’s formatters and kafka-dump-log', async () => {
    const ottla = await begun();
    const read = async (topic: string, formatter: string) => {
      const from = ['--bootstrap-server', ottla.address, '--topic', topic, '--from-beginning', '--timeout-ms', '20000'];
      const { output } = await runTool('console-consumer', [...from, '--formatter', `${FORMATTERS}.${formatter}`]);
      return objectsIn(output);
    };
    const states = await read('__share_group_state', 'group.share.ShareGroupStateMessageFormatter');
    expect(states.map(({ key }) => key.data)).toContainEqual(expect.objectContaining({ groupId: GROUP, partition: 0 }));
    const told = JSON.stringify(states.map(({ value }) => value?.data));
    expect(told).toContain('"startOffset":2');
    const groups = await read('__consumer_offsets', 'ShareGroupMessageFormatter');
    expect(groups.map(({ key }) => key.data)).toContainEqual(expect.objectContaining({ groupId: GROUP }));
    const offsets = ['--bootstrap-server', ottla.address, '--topic', '__consumer_offsets', '--from-beginning'];
    const formatter = ['--timeout-ms', '20000', '--formatter', `${FORMATTERS}.OffsetsMessageFormatter`];
    const { code } = await runTool('console-consumer', [...offsets, ...formatter]);
    expect(code).toBe(0);

    await ottla.stop();
    const folder = join(ottla.logDirectory, '__share_group_state-0');
    const files = readdirSync(folder).filter((name) => name.endsWith('.log'));
    const named = files.map((name) => join(folder, name)).join(',');
    const dumped = await runTool('dump-log', ['--share-group-state-decoder', '--files', named]);
    expect(dumped.output).toContain(`"groupId":"${GROUP}"`);
    expect(dumped.output).toMatch(/"startOffset":2/);
    expect(dumped.output).not.toMatch(/isvalid: false|exception/i);
  }, 200_000);

  it('of Ottla is gone on with by Apache Kafka, and the other way round', async () => {
    const ottla = await begun();
    await ottla.stop();
    const kafka = new Broker('kafka', { settings, isTakenOver: true });
    onTestFinished(() => kafka.remove());
    cpSync(ottla.logDirectory, kafka.logDirectory, { recursive: true });
    await kafka.start();
    const atKafka = await working(kafka, (member, records) => accept(member, records, 3));
    expect(atKafka).toBe('2x2 3x2 5x2');
    await kafka.stop();
    for (const name of readdirSync(kafka.logDirectory)) {
      if (!/^(jobs|__share_group_state|__consumer_offsets)-\d+$/.test(name)) continue;
      rmSync(join(ottla.logDirectory, name), { recursive: true, force: true });
      cpSync(join(kafka.logDirectory, name), join(ottla.logDirectory, name), { recursive: true });
    }
    // Each start is another leader epoch: the state was written under one that this broker has still to come to.
    await ottla.start();
    await ottla.stop();
    await ottla.start();
    const back = await working(ottla, (member, records) => accept(member, records, 2, 5));
    expect(back).toBe('2x3 5x3');
  }, 200_000);
});
