import { afterEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { decodeState } from '../../src/share/state-records.ts';
import type { ShareCoordinator } from '../../src/share/state-coordinator.ts';
import type { StateBatch } from '../../src/share/share-state.ts';

const COLD_MS = 300_000;
let running: RunningBroker | null = null;

afterEach(async () => {
  await running?.stop();
  running = null;
});

/** A broker whose disk outlives it. */
class Disk {
  readonly files = new MemoryFiles();
  readonly clock = new VirtualClock();
  topicId = '';

  async start(settings: Readonly<Record<string, string>> = {}): Promise<ShareCoordinator> {
    running = await startBroker({
      memory: true,
      files: this.files,
      clock: this.clock,
      logger: silentLogger,
      settings: {
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'share.coordinator.state.topic.num.partitions': '1',
        'share.coordinator.state.topic.replication.factor': '1',
        ...settings,
      },
    });
    const { controller, share, metadata } = running.parts;
    if (!metadata.image.topicsByName.has('t')) {
      const topic = { name: 't', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] };
      await controller.createTopics([topic], { validateOnly: false });
    }
    this.topicId = metadata.image.topicsByName.get('t')!.id;
    const groups = await share.use();
    await groups.state.ensureTopic();
    return groups.state;
  }

  async write(state: ShareCoordinator, partition: number, startOffset: number, batches: readonly StateBatch[]) {
    const request = {
      topicId: this.topicId,
      partition,
      stateEpoch: 1,
      leaderEpoch: 0,
      startOffset,
      stateBatches: batches,
    };
    const [{ errorCode }] = await state.write('g', [{ ...request, deliveryCompleteCount: 0 }]);
    return errorCode;
  }

  async read(state: ShareCoordinator, partition = 0) {
    const [answer] = await state.read('g', [{ topicId: this.topicId, partition, leaderEpoch: 0 }]);
    return answer;
  }

  async begin(state: ShareCoordinator, partition = 0): Promise<void> {
    await state.initialize('g', [{ topicId: this.topicId, partition, stateEpoch: 1, startOffset: 0 }]);
  }

  /** The kinds of records, S or U or -, from the log's start on. */
  get records(): string {
    const log = running!.parts.partitions.get('__share_group_state', 0)!;
    let kinds = '';
    const pieces = log.recordPieces(
      ({ key, value }) => {
        const record = decodeState(key!, value)!;
        kinds += record.value === null ? '-' : 'stateEpoch' in record.value ? 'S' : 'U';
      },
      () => {},
    );
    while (pieces.next().done !== true);
    return kinds;
  }
}

function delivered(firstOffset: number, deliveryState = 2): StateBatch {
  return { firstOffset, lastOffset: firstOffset, deliveryState, deliveryCount: 1 };
}

describe('the state of share partitions', () => {
  test('is there again after a restart', async () => {
    const disk = new Disk();
    const before = await disk.start();
    await disk.begin(before);
    await disk.write(before, 0, 0, [delivered(1), delivered(3, 4)]);
    await disk.write(before, 0, 0, [delivered(2)]);
    const told = await disk.read(before);
    await running!.stop();
    const after = await disk.start();
    expect(await disk.read(after)).toEqual(told);
    expect(told.stateBatches).toEqual([
      { firstOffset: 1, lastOffset: 2, deliveryState: 2, deliveryCount: 1 },
      { firstOffset: 3, lastOffset: 3, deliveryState: 4, deliveryCount: 1 },
    ]);
  });

  test('is written whole after as many updates as the configuration says', async () => {
    const disk = new Disk();
    const state = await disk.start({ 'share.coordinator.snapshot.update.records.per.snapshot': '3' });
    await disk.begin(state);
    for (let i = 0; i < 5; i++) await disk.write(state, 0, i, [delivered(i)]);
    expect(disk.records).toBe('SUUUSU');
    const told = await disk.read(state);
    await running!.stop();
    expect(await disk.read(await disk.start())).toEqual(told);
  });

  test('is written whole when it has been quiet, and what no snapshot needs is deleted', async () => {
    const disk = new Disk();
    const state = await disk.start();
    await disk.begin(state, 0);
    await disk.begin(state, 1);
    await disk.write(state, 0, 1, []);
    await disk.write(state, 1, 1, []);
    expect(disk.records).toBe('SSUU');
    await disk.clock.advance(COLD_MS + 1);
    expect(disk.records).toBe('SS');
    await disk.write(state, 1, 2, []);
    expect(disk.records).toBe('SSU');
    expect((await disk.read(state, 0)).startOffset).toBe(1);
    await disk.clock.advance(3 * COLD_MS);
    expect(disk.clock.waiting).toBeLessThan(20);
    expect(disk.records).toBe('SS');
    expect((await disk.read(state, 1)).startOffset).toBe(2);
  });

  test('has no coordinator where a batch of it is damaged: whoever asks is told so at once', async () => {
    const disk = new Disk();
    const before = await disk.start();
    await disk.begin(before);
    await disk.write(before, 0, 1, [delivered(2)]);
    const { log } = running!.parts.partitions.get('__share_group_state', 0)!;
    const { segment, position, length } = log.locate(0, log.endOffset, 1, true)!;
    await running!.stop();
    disk.files.open(segment.path, 'write').write(Buffer.from([0xff]), 0, 1, position + length - 1);
    const after = await disk.start();
    expect((await disk.read(after)).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect(await disk.write(after, 0, 3, [])).toBe(ErrorCode.NOT_COORDINATOR);
  });

  test('leaves nothing of a group that deletes it', async () => {
    const disk = new Disk();
    const state = await disk.start();
    await disk.begin(state);
    await disk.write(state, 0, 7, [delivered(8)]);
    await state.delete('g', [{ topicId: disk.topicId, partition: 0 }]);
    await running!.stop();
    const after = await disk.start();
    const [summary] = await after.readSummary('g', [{ topicId: disk.topicId, partition: 0, leaderEpoch: -1 }]);
    expect(summary).toMatchObject({ errorCode: 0, stateEpoch: 0, startOffset: -1 });
    await disk.begin(after);
    expect(await disk.read(after)).toMatchObject({ startOffset: 0, stateBatches: [] });
  });

  test('is one batch a request, and a partition asked for twice is refused the second time', async () => {
    const disk = new Disk();
    const state = await disk.start();
    const asked = [0, 1, 2, 1].map((partition) => ({
      topicId: disk.topicId,
      partition,
      stateEpoch: 1,
      startOffset: 5,
    }));
    const results = await state.initialize('g', asked);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, 42]);
    const log = running!.parts.partitions.get('__share_group_state', 0)!;
    expect([...log.batches(0, log.endOffset)].length).toBe(1);
    expect(disk.records).toBe('SSS');
  });
});
