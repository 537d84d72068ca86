/**
 * `npm run scale:cluster`: what the state of a large cluster weighs, and what a lost broker costs, as its partitions grow: 300 brokers,
 * topics of 100 partitions with three replicas each. Processor time; of a lost broker the least of a few. Words after `--` are numbers of
 * partitions; `--json FILE` keeps the figures for scripts/scale-plots.ts.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { ClusterImage, ImageChange } from '../../src/cluster/image.ts';
import { fenceBroker } from '../../src/cluster/broker-changes.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import { leadership } from '../../src/cluster/leadership.ts';
import { decodeMetadataBatch, encodeMetadataBatch } from '../../src/cluster/metadata-batch.ts';
import { metadataEvents } from '../../src/cluster/metadata-events.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { encodeSnapshot, imageOfSnapshot } from '../../src/cluster/metadata-snapshot.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { Elections } from '../../src/metrics/elections.ts';
import { randomUuid, seededRandom } from '../../src/platform/random.ts';

const BROKERS = 300;
const PARTITIONS_EACH = 100;
const LOST = 20;
const SIZES = [10_000, 100_000, 1_000_000];
const MB = 1e6;

const random = seededRandom(1);
const elections = new Elections();
const config = effectiveConfig({ static: new Map(), cluster: new Map(), broker: new Map() });

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function took<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const beganMs = cpuMs();
  const result = work();
  return { result, ms: cpuMs() - beganMs };
}

/** The heap after what nobody holds any more is gone. */
function heapMb(): number {
  if (globalThis.gc === undefined) throw new Error('the heap is measured with node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed / MB;
}

/** The cluster as a snapshot has it: replicas anywhere, all of them in sync. */
function* cluster(partitions: number): Generator<MetadataDraft, void, void> {
  const directories = Array.from({ length: BROKERS }, () => randomUuid(random));
  for (let brokerId = 0; brokerId < BROKERS; brokerId++) {
    const ids = {
      brokerId,
      brokerEpoch: brokerId,
      incarnationId: randomUuid(random),
      logDirs: [directories[brokerId]],
    };
    const state = { fenced: false, inControlledShutdown: false, isMigratingZkBroker: false, cordonedLogDirs: null };
    yield { type: 'RegisterBrokerRecord', ...ids, ...state, rack: `rack-${brokerId % 3}`, endPoints: [], features: [] };
  }
  for (let topic = 0; topic < partitions / PARTITIONS_EACH; topic++) {
    const topicId = randomUuid(random);
    yield { type: 'TopicRecord', name: `topic-${topic}`, topicId };
    for (let partitionId = 0; partitionId < PARTITIONS_EACH; partitionId++) {
      const leader = Math.floor(random.float() * BROKERS);
      const [second, third] = [1, 2].map((step) => (leader + step * (1 + partitionId)) % BROKERS);
      const replicas = [leader, second, third];
      const epochs = { leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0 };
      const lists = { replicas, isr: replicas, addingReplicas: [], removingReplicas: [] };
      const more = {
        directories: replicas.map((id) => directories[id]),
        eligibleLeaderReplicas: null,
        lastKnownElr: null,
      };
      yield { type: 'PartitionRecord', topicId, partitionId, leader, ...epochs, ...lists, ...more };
    }
  }
}

/** All that a broker looks at a change for: what it leads and follows, what people are told, elections as metrics count them. */
function follow(previous: ClusterImage, { image, delta }: ImageChange): void {
  leadership(previous, image, delta, BROKERS - 1);
  metadataEvents(image, previous, delta);
  elections.note(image, previous, delta);
}

/** What the active controller does when a broker is lost, and what each other broker does then. */
function lose(image: ClusterImage, brokerId: number) {
  const { result: bytes, ms: decideMs } = took(() => {
    const drafts = fenceBroker(image, config, image.brokers.get(brokerId)!);
    return encodeMetadataBatch(drafts, { baseOffset: image.revision + 1, leaderEpoch: 1, timestamp: 0 });
  });
  const { result: change, ms: followMs } = took(() => {
    const { records, revision } = decodeMetadataBatch(bytes);
    return changeOf(image, records, revision);
  });
  const { ms: leadMs } = took(() => follow(image, change));
  return { image: change.image, bytes, controllerMs: decideMs + followMs, brokerMs: followMs + leadMs };
}

/** Of a cluster of one size. */
export interface ClusterFigures {
  readonly partitions: number;
  readonly snapshotMb: number;
  readonly imageMb: number;
  readonly loadMs: number;
  readonly batchKb: number;
  readonly controllerMs: number;
  readonly brokerMs: number;
  readonly loadAverage: number;
}

function figuresOf(partitions: number): ClusterFigures {
  const snapshot = Buffer.concat([...encodeSnapshot(cluster(partitions), { epoch: 1, timestamp: 0 })]);
  const beforeMb = heapMb();
  const load = (): ClusterImage => imageOfSnapshot('cluster', snapshot, 10 * SIZES[2]);
  const { result, ms: loadMs } = took(load);
  const imageMb = heapMb() - beforeMb + indexMb(result);
  let image = result;
  const lost = Array.from({ length: LOST }, (_, brokerId) => {
    const each = lose(image, brokerId);
    ({ image } = each);
    return each;
  });
  const least = (of: (each: (typeof lost)[number]) => number): number => Math.min(...lost.map(of));
  return {
    partitions,
    snapshotMb: snapshot.length / MB,
    imageMb,
    loadMs,
    batchKb: least(({ bytes }) => bytes.length / 1000),
    controllerMs: least((each) => each.controllerMs),
    brokerMs: least((each) => each.brokerMs),
    loadAverage: loadavg()[0],
  };
}

/** What lies beside the heap. */
function indexMb({ topicsById }: ClusterImage): number {
  let bytes = 0;
  for (const { replicaIds } of topicsById.values()) bytes += replicaIds.byteLength;
  return bytes / MB;
}

function row(each: ClusterFigures): string {
  const { partitions, snapshotMb, imageMb, loadMs, batchKb, controllerMs, brokerMs, loadAverage } = each;
  const whole = [imageMb, loadMs, batchKb, controllerMs, brokerMs].map((value) => value.toFixed(0));
  return `| ${[partitions, snapshotMb.toFixed(1), ...whole, loadAverage.toFixed(1)].join(' | ')} |\n`;
}

const { values: flags, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
process.stdout.write(
  '| partitions | snapshot MB | image MB | load ms | a lost broker: batch KB | at the controller ms | at each broker ms | load average |\n' +
    `|${' ---: |'.repeat(8)}\n`,
);
const all: ClusterFigures[] = [];
for (const size of positionals.length > 0 ? positionals.map(Number) : SIZES) {
  all.push(figuresOf(size));
  process.stdout.write(row(all.at(-1)!));
}
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all)}\n`);
