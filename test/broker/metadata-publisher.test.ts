/** What becomes of a broker's parts when the cluster changes, in which order; the parts only write down what they are told. */
import { expect, test } from 'vitest';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { MetadataPublisher } from '../../src/broker/metadata-publisher.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { LoopTurn } from '../../src/platform/loop-turn.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { assigned, Cluster, topic } from '../cluster/cluster-fixture.ts';

const ME = 1;

/** A cluster of brokers 1 and 2, and what broker 1 does about it. */
class Room {
  readonly cluster: Cluster;
  readonly told: string[] = [];
  readonly logged: string[] = [];
  readonly clock = new VirtualClock();
  readonly #open = new Set<string>();
  /** Partitions whose logs cannot be opened. */
  readonly refused = new Set<string>();
  config = effectiveConfig({ static: new Map(), cluster: new Map(), broker: new Map() });

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  static async open(): Promise<Room> {
    const cluster = await Cluster.registered();
    return new Room(await cluster.register({ id: 2, incarnationId: 'incarnationincarnatioB' }));
  }

  start(): MetadataPublisher {
    const publisher = new MetadataPublisher(this.#parts(), null);
    publisher.start();
    return publisher;
  }

  /** What was told since it was asked last. */
  news(): string[] {
    return this.told.splice(0);
  }

  async elect(name: string, partitionId: number, leader: number): Promise<void> {
    const { controller } = this.cluster;
    const { id } = controller.image.topicsByName.get(name)!;
    const record: MetadataDraft = { type: 'PartitionChangeRecord', topicId: id, partitionId, leader };
    await this.cluster.opened.append([record], controller.image.revision);
  }

  #parts(): ConstructorParameters<typeof MetadataPublisher>[0] {
    const { controller } = this.cluster;
    const tell = (what: string) => void this.told.push(what);
    const nameOf = (id: string, index: number) => `${this.#names.get(id)}-${index}`;
    const leaders = new Map<string, { isLeader: boolean }[]>();
    const opening = (word: string) => (id: string, index: number, plan: { leaderEpoch: number }) => {
      const name = nameOf(id, index);
      if (this.refused.has(name)) throw diskError('ENOSPC', 'mkdir', name);
      this.#open.add(name);
      const partitions = leaders.get(this.#names.get(id)!) ?? [];
      partitions[index] = { isLeader: word === 'lead' };
      leaders.set(this.#names.get(id)!, partitions);
      tell(`${word} ${name} in ${plan.leaderEpoch}`);
    };
    const coordinator = (of: string) => ({
      onLeader: (index: number, epoch: number) => tell(`${of} lead ${index} in ${epoch}`),
      onResign: (index: number) => tell(`${of} resign ${index}`),
      topicsDeleted: (gone: readonly { name: string }[]) => tell(`${of} forget ${gone.map(({ name }) => name).join()}`),
    });
    const config = () => this.config;
    return {
      nodeId: ME,
      clock: this.clock,
      logger: { ...silentLogger, error: (event: string) => void this.logged.push(event) },
      get config() {
        return config();
      },
      metadata: controller,
      controller,
      partitions: {
        turn: new LoopTurn(this.clock),
        define: ({ name, id, count }: { name: string; id: string; count: number }) => {
          this.#names.set(id, name);
          tell(`define ${name} ${count}`);
        },
        has: (id: string) => this.#names.has(id),
        topicById: (id: string) => ({ partitions: leaders.get(this.#names.get(id)!) ?? [] }),
        isOpen: (id: string, index: number) => this.#open.has(nameOf(id, index)),
        isOffline: () => false,
        lead: opening('lead'),
        follow: opening('follow'),
        directories: [{ path: '/data' }],
        remove: (id: string, index: number) => tell(`remove ${nameOf(id, index)}`),
        delete: (id: string) => [tell(`delete ${this.#names.get(id)}`)],
        configure: (id: string) => tell(`configure ${this.#names.get(id)}`),
      },
      groups: coordinator('groups'),
      transactions: coordinator('transactions'),
    } as unknown as BrokerParts;
  }

  readonly #names = new Map<string, string>();
}

test('a start opens what is led and followed, and nothing else', async () => {
  const room = await Room.open();
  await room.cluster.create(topic('t', assigned([1, 2], [2, 1])), topic('elsewhere', assigned([2])));
  room.start();
  expect(room.news()).toEqual(['define t 2', 'define elsewhere 1', 'follow t-1 in 0', 'lead t-0 in 0']);
});

test('a new leader leads, the old one resigns, and others are not touched', async () => {
  const room = await Room.open();
  await room.cluster.create(topic('t', assigned([1, 2], [2, 1])), topic('u'));
  room.start();
  room.news();
  await room.elect('t', 1, 1);
  expect(room.news()).toEqual(['lead t-1 in 1']);
  await room.elect('t', 1, 2);
  expect(room.news()).toEqual(['follow t-1 in 2']);
  await room.cluster.controller.alterReassignments(
    [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [2] }] }],
    true,
  );
  expect(room.news()).toEqual(['remove t-0']);
});

test('coordinators lead behind all logs, transactions behind groups; they resign before anything closes', async () => {
  const room = await Room.open();
  room.start();
  await room.cluster.create(
    topic('__transaction_state', assigned([1, 2])),
    topic('__consumer_offsets', assigned([1, 2])),
    topic('t', assigned([1])),
  );
  expect(room.news()).toEqual([
    'define __transaction_state 1',
    'define __consumer_offsets 1',
    'define t 1',
    'lead __transaction_state-0 in 0',
    'lead __consumer_offsets-0 in 0',
    'lead t-0 in 0',
    'groups lead 0 in 0',
    'transactions lead 0 in 0',
  ]);
  await room.elect('__consumer_offsets', 0, 2);
  expect(room.news()).toEqual(['groups resign 0', 'follow __consumer_offsets-0 in 1']);
  await room.elect('__transaction_state', 0, 1);
  expect(room.news()).toEqual(['lead __transaction_state-0 in 1', 'transactions lead 0 in 1']);
  const names = ['__transaction_state', 't'];
  await room.cluster.controller.deleteTopics(names.map((name) => ({ name, topicId: 'A'.repeat(22) })));
  expect(room.news()).toEqual([
    'transactions resign 0',
    'delete __transaction_state',
    'delete t',
    'groups forget __transaction_state,t',
  ]);
});

test('a log that the disk refuses leaves the others open, and is tried again with the next image', async () => {
  const room = await Room.open();
  room.start();
  room.refused.add('__consumer_offsets-0');
  await room.cluster.create(topic('__consumer_offsets', assigned([1], [1])), topic('t', assigned([1])));
  expect(room.news().slice(2)).toEqual(['lead __consumer_offsets-1 in 0', 'lead t-0 in 0', 'groups lead 1 in 0']);
  await room.cluster.create(topic('u', assigned([1])));
  expect(room.logged).toEqual(['logs-not-opened', 'logs-not-opened']);
  room.refused.clear();
  room.news();
  await room.cluster.create(topic('v', assigned([1])));
  expect(room.news()).toEqual(['define v 1', 'lead __consumer_offsets-0 in 0', 'lead v-0 in 0', 'groups lead 0 in 0']);
});

test('without another image it is tried again every second', async () => {
  const room = await Room.open();
  const publisher = room.start();
  room.refused.add('t-0');
  await room.cluster.create(topic('t', assigned([1])));
  room.news();
  await room.clock.advance(1000);
  expect(room.news()).toEqual([]);
  room.refused.clear();
  await room.clock.advance(1000);
  expect(room.news()).toEqual(['lead t-0 in 0']);
  expect(room.clock.waiting).toBe(0);
  room.refused.add('u-0');
  await room.cluster.create(topic('u', assigned([1])));
  publisher.stop();
  expect(room.clock.waiting).toBe(0);
});

test('at the start it fails it', async () => {
  const room = await Room.open();
  await room.cluster.create(topic('t', assigned([1])));
  room.refused.add('t-0');
  expect(() => room.start()).toThrow('ENOSPC');
});

test('settings of a topic reach its logs, and a dynamic setting of the broker reaches all', async () => {
  const room = await Room.open();
  await room.cluster.create(topic('t', assigned([1])), topic('u', assigned([1])));
  room.start();
  room.news();
  const set = (type: number, name: string) =>
    room.cluster.set({ type, name, values: new Map([['retention.ms', '7']]) });
  await set(2, 'u');
  expect(room.news()).toEqual(['configure u']);
  room.config = effectiveConfig({ static: new Map(), cluster: new Map(), broker: new Map() });
  await set(4, '');
  expect(room.news()).toEqual(['configure t', 'configure u']);
});

test('after its end nothing is opened', async () => {
  const room = await Room.open();
  room.start().stop();
  await room.cluster.create(topic('t', assigned([1])));
  expect(room.news()).toEqual([]);
});

/** Each look at the clock takes 3 ms, as the work between two looks does. */
function slowDown({ clock }: Room): void {
  const monotonic = clock.monotonic.bind(clock);
  let lookedMs = 0;
  clock.monotonic = () => monotonic() + (lookedMs += 3);
}

const wide = () => topic('wide', assigned(...Array.from({ length: 20 }, () => [1])));

test('the partitions of a large topic are opened in slices, and its operation is answered when all are', async () => {
  const room = await Room.open();
  room.start();
  slowDown(room);
  let isCreated = false;
  const created = room.cluster.create(wide()).then(() => void (isCreated = true));
  await nextTurn();
  const before = room.news().length;
  expect(before).toBeGreaterThan(1);
  expect(before).toBeLessThan(20);
  expect(isCreated).toBe(false);
  await created;
  expect(before + room.news().length).toBe(1 + 20);
});

test('an image that comes meanwhile is followed behind the one before', async () => {
  const room = await Room.open();
  room.start();
  slowDown(room);
  const first = room.cluster.create(wide());
  await nextTurn();
  await room.elect('wide', 19, 2);
  await first;
  expect(room.news().filter((what) => what.includes('wide-19'))).toEqual(['lead wide-19 in 0', 'follow wide-19 in 1']);
});

test('a publisher that is stopped in the midst opens no more, and its operation ends', async () => {
  const room = await Room.open();
  const publisher = room.start();
  slowDown(room);
  const created = room.cluster.create(wide());
  await nextTurn();
  publisher.stop();
  const before = room.news().length;
  await created;
  expect(room.news()).toEqual([]);
  expect(before).toBeLessThan(20);
});
