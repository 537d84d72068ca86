import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { Ack, ShareMember } from '../testing/share-member.ts';
import { CreateTopics, Produce } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';

test('share groups, their sessions and their queues are told', async () => {
  const settings = {
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'ottla.metrics.port': '0',
    'group.share.assignment.interval.ms': '0',
  };
  const broker = await startBroker({ memory: true, settings });
  onTestFinished(() => broker.stop());
  const [host, port] = broker.bootstrap.split(':');
  const client = await connect({ host, port: Number(port), clientId: 'c' });
  onTestFinished(() => client.close());
  const topics = [{ name: 'mails', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
  await client.send(CreateTopics, 5, { topics, timeoutMs: 5000 });
  const kafka = {
    bootstrapBrokers: [broker.bootstrap],
    onStop: (run: () => unknown) => onTestFinished(() => void run()),
  };
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  await member.fetch(0);
  const records = encodeBatch({ records: [1, 2, 3].map(() => ({ key: null, value: Buffer.from('x'), timestamp: 1 })) });
  const topicData = [{ name: 'mails', partitionData: [{ index: 0, records }] }];
  await client.send(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData });
  const delivered = await member.fetch();
  expect(await member.acknowledge(delivered.slice(1, 2), Ack.accept)).toEqual([0]);
  const text = await (await fetch(`http://127.0.0.1:${broker.metricsPort}/metrics`)).text();
  const lines = text.split('\n');
  expect(lines).toContain('kafka_server_group_coordinator_metrics_share_group_count{state="stable"} 1');
  expect(lines).toContain('kafka_server_sharesessioncache_sharesessionscount 1');
  expect(lines).toContain('kafka_server_group_coordinator_metrics_group_count{protocol="share"} 1');
  expect(lines).toContain('kafka_server_sharesessioncache_sharepartitionscount 1');
  expect(lines).toContain('kafka_server_brokertopicmetrics_totalsharefetchrequests_total 2');
  expect(lines).toContain('kafka_server_brokertopicmetrics_totalshareacknowledgementrequests_total 1');
  expect(lines).toContain('kafka_server_sharegroupmetrics_recordacknowledgements_total{acktype="accept"} 1');
  const at = '{group="mailer",topic="mails",partition="0"}';
  expect(lines).toContain(`kafka_server_sharepartitionmetrics_inflightmessagecount${at} 3`);
  expect(lines).toContain(`kafka_server_sharepartitionmetrics_inflightbatchcount${at} 3`);
  expect(lines).toContain('kafka_server_share_coordinator_metrics_write_total 2'); // where it begins, the acknowledgement
  expect(lines).toContain('kafka_server_share_coordinator_metrics_num_partitions{state="active"} 50');
  expect(text).toMatch(/ottla_queue_oldest_unacknowledged_seconds\{group="mailer",topic="mails"\} \d{9}/);
  expect(lines).toContain('ottla_queue_depth{group="mailer",topic="mails"} 2');
  expect(lines).toContain('ottla_queue_in_flight{group="mailer",topic="mails"} 2');
  expect(lines).toContain('ottla_queue_furthest_behind{group="mailer",topic="mails"} 3');
});
