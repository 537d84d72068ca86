import { describe, expect, it } from 'vitest';
import { LogDirectory, LogDirectoryError, type LogDirectoryOptions } from '../../src/log/directory.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { append, batchOf, fixture, TOPIC_ID } from './log-fixture.ts';

function directory(files = new MemoryFiles(), options: Partial<LogDirectoryOptions> = {}) {
  return LogDirectory.open({
    files,
    clock: new VirtualClock(),
    logger: silentLogger,
    random: seededRandom(1),
    path: '/data',
    nodeId: 1,
    ...options,
  });
}

describe('a log directory', () => {
  it('keeps its ids', () => {
    const files = new MemoryFiles();
    const first = directory(files, { clusterId: '4L6g3nShT-eMCtK--X86sw' });
    first.close([]);
    const second = directory(files, { random: seededRandom(2) });
    expect(second.clusterId).toBe('4L6g3nShT-eMCtK--X86sw');
    expect(second.directoryId).toBe(first.directoryId);
    expect(second.directoryId).toHaveLength(22);
  });

  it('reads the meta.properties of Kafka', () => {
    const files = new MemoryFiles();
    files.makeDirectory('/data');
    const text =
      '#\n#Sat Nov 21 09:29:55 UTC 2026\nnode.id=1\ndirectory.id=MT8WVkHVRd-UJR9Gbx7jsw\nversion=1\n' +
      'cluster.id=4L6g3nShT-eMCtK--X86sw\n';
    files.replace('/data/meta.properties', text);
    expect(directory(files).directoryId).toBe('MT8WVkHVRd-UJR9Gbx7jsw');
    expect(files.readAll('/data/meta.properties').toString()).toBe(text);
  });

  it.each(['node.id', 'version', 'cluster.id'])('refuses a meta.properties that lost its %s', (key) => {
    const files = new MemoryFiles();
    directory(files).close([]);
    const text = files.readAll('/data/meta.properties').toString();
    files.replace('/data/meta.properties', text.replace(key, `x${key}`));
    expect(() => directory(files)).toThrow(`it has no ${key}; write it back`);
  });

  it('says what to do where it cannot be made', () => {
    const files = new MemoryFiles();
    files.before = (operation) => {
      if (operation === 'makeDirectory') throw Object.assign(new Error('ENOENT: mkdir'), { code: 'ENOENT' });
    };
    expect(() => directory(files)).toThrow(
      '/data cannot be made (ENOENT: mkdir): have a folder above it that this user may write into, or give another log.dirs.',
    );
  });

  it('refuses a directory.id that is none', () => {
    const files = new MemoryFiles();
    files.makeDirectory('/data');
    files.replace('/data/meta.properties', 'node.id=1\ndirectory.id=|\nversion=1\ncluster.id=a\n');
    expect(() => directory(files)).toThrow(/meta\.properties is damaged, \| is no directory\.id/);
  });

  it('says that a checkpoint is damaged', () => {
    const files = new MemoryFiles();
    directory(files).close([{ directory: '/data/orders-0', recoveryPoint: 7, logStartOffset: 5 }]);
    files.replace('/data/log-start-offset-checkpoint', '0\n1\norders 0 5');
    const said: string[] = [];
    const again = directory(files, { logger: { ...silentLogger, warn: (event) => said.push(event) } });
    expect(said).toEqual(['checkpoint.damaged']);
    expect(again.checkpointOf('orders', 0)).toEqual({ recoveryPoint: 7, logStartOffset: 0 });
  });

  it('belongs to one node of one cluster', () => {
    const files = new MemoryFiles();
    directory(files, { clusterId: 'a' }).close([]);
    expect(() => directory(files, { nodeId: 2 })).toThrow(LogDirectoryError);
    expect(() => directory(files, { clusterId: 'b' })).toThrow(/belongs to cluster a/);
    directory(files).abandon(); // neither kept the lock
  });

  it('is for one broker at a time', () => {
    const files = new MemoryFiles();
    const first = directory(files);
    expect(() => directory(files)).toThrow(/Another broker is using \/data/);
    first.close([]);
    directory(files);
  });

  it('knows whether it was left in order, once', () => {
    const files = new MemoryFiles();
    const first = directory(files);
    expect(first.cleanShutdown).toBe(false);
    first.close([], 17);
    expect(files.readAll('/data/.kafka_cleanshutdown').toString()).toBe('{"version":0,"brokerEpoch":17}');
    const second = directory(files);
    expect(second.cleanShutdown).toBe(true);
    expect(second.previousBrokerEpoch).toBe(17);
    second.abandon();
    expect(directory(files).cleanShutdown).toBe(false);
  });

  it('lists partitions with their topic ids and removes what was being deleted', () => {
    const files = new MemoryFiles();
    const { open } = fixture({}, files);
    open({ directory: '/data/orders-0' });
    open({ directory: '/data/with-dash-12' });
    open({ directory: '/data/gone-3' }).delete();
    files.makeDirectory('/data/not a partition');
    expect(directory(files).partitions()).toEqual([
      { name: 'orders-0', path: '/data/orders-0', topic: 'orders', partition: 0, topicId: TOPIC_ID },
      { name: 'with-dash-12', path: '/data/with-dash-12', topic: 'with-dash', partition: 12, topicId: TOPIC_ID },
    ]);
    expect(files.list('/data').filter((name) => name.endsWith('-delete'))).toEqual([]);
  });

  it('remembers where logs begin and up to where they are safe', () => {
    const files = new MemoryFiles();
    const first = directory(files);
    const log = fixture({}, files).open({ directory: first.pathOf('a-b', 2) });
    append(log, batchOf(['a', 'b', 'c']));
    log.deleteRecordsBefore(1);
    log.close();
    first.close([log]);
    expect(files.readAll('/data/recovery-point-offset-checkpoint').toString()).toBe('0\n1\na-b 2 3\n');
    const second = directory(files);
    expect(second.checkpointOf('a-b', 2)).toEqual({ recoveryPoint: 3, logStartOffset: 1 });
    expect(second.checkpointOf('other', 0)).toEqual({ recoveryPoint: 0, logStartOffset: 0 });
  });

  it('notes of no log more than is true of it, once it was cut or begins anew', () => {
    const files = new MemoryFiles();
    const made = directory(files);
    const read = (name: string): string => files.readAll(`/data/${name}`).toString();
    const of = (name: string, recoveryPoint: number) => ({
      directory: `/data/${name}`,
      recoveryPoint,
      logStartOffset: 2,
    });
    made.checkpoint([of('a-0', 7), of('b-0', 7)]);
    made.checkpointHighWatermarks(new Map([['a-0', 6]]));
    made.wasCut('a-0', 9);
    made.wasCut('c-0', 0);
    expect(read('recovery-point-offset-checkpoint')).toBe('0\n2\na 0 7\nb 0 7\n');
    made.wasCut('a-0', 5);
    expect(read('recovery-point-offset-checkpoint')).toBe('0\n2\na 0 5\nb 0 7\n');
    made.beginsAnew('a-0');
    expect(read('recovery-point-offset-checkpoint')).toBe('0\n1\nb 0 7\n');
    expect(read('log-start-offset-checkpoint')).toBe('0\n1\nb 0 2\n');
    expect(read('replication-offset-checkpoint')).toBe('0\n0\n');
    made.close([]);
  });

  it('drops what it has noted of deleted logs with the next write, and not of one that has their name by then', () => {
    const files = new MemoryFiles();
    const made = directory(files);
    const recoveryPoints = (): string => files.readAll('/data/recovery-point-offset-checkpoint').toString();
    const of = (name: string) => ({ directory: `/data/${name}`, recoveryPoint: 7, logStartOffset: 0 });
    made.checkpoint([of('a-0'), of('a-1'), of('b-0'), of('c-0')]);
    for (const name of ['a-0', 'a-1', 'd-0']) made.wasDeleted(name);
    expect(recoveryPoints()).toBe('0\n4\na 0 7\na 1 7\nb 0 7\nc 0 7\n');
    made.wasCut('b-0', 5);
    expect(recoveryPoints()).toBe('0\n2\nb 0 5\nc 0 7\n');
    made.beginsAnew('a-0');
    made.checkpoint([of('a-0'), of('b-0'), of('c-0')]);
    made.beginsAnew('c-0');
    expect(recoveryPoints()).toBe('0\n2\na 0 7\nb 0 7\n');
    made.close([]);
  });

  it('does without a checkpoint that was cut', () => {
    const files = new MemoryFiles();
    files.makeDirectory('/data');
    files.replace('/data/recovery-point-offset-checkpoint', '0\n2\na 0 3\n');
    expect(directory(files).checkpointOf('a', 0).recoveryPoint).toBe(0);
  });
});
