/** The whole of a broker at one moment: topics, records, groups, transactions. Brokers begin from it; a file keeps it. */
import { dirname, join, resolve } from 'node:path';
import type { RunningBroker } from '../broker/broker.ts';
import { nodeFiles } from '../platform/files.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import type { Snapshot } from './snapshot.ts';

const MAGIC = 'ottla snapshot 1\n';

interface Entry {
  readonly path: string;
  readonly size: number;
}

export class BrokerSnapshot implements Snapshot {
  readonly brokers: number;
  /** From a file: the records may be older than any retention. */
  readonly isLoaded: boolean;
  readonly #files: MemoryFiles;

  private constructor(files: MemoryFiles, brokers: number, isLoaded: boolean) {
    this.#files = files;
    this.brokers = brokers;
    this.isLoaded = isLoaded;
  }

  /** Shares what is there with the broker; a few milliseconds however much it is. */
  static take(running: readonly RunningBroker[], files: MemoryFiles, brokers: number): BrokerSnapshot {
    for (const { parts } of running) {
      const { partitions } = parts;
      partitions.settle();
      // A start finds each log as it was left, and has nothing to check.
      partitions.flush();
      partitions.checkpoint();
      if (brokers > 1) partitions.checkpointHighWatermarks();
    }
    return new BrokerSnapshot(files.fork(), brokers, false);
  }

  /** @throws {Error} where the file is no snapshot */
  static load(path: string): BrokerSnapshot {
    if (!nodeFiles.exists(path))
      throw new Error(`there is no snapshot ${resolve(path)}: \`snapshot.save(path)\` makes one`);
    return BrokerSnapshot.parse(nodeFiles.readAll(path), path);
  }

  /** Also one of another copy of this library. */
  static of(snapshot: Snapshot): BrokerSnapshot {
    return snapshot instanceof BrokerSnapshot ? snapshot : BrokerSnapshot.parse(Buffer.from(snapshot.bytes()));
  }

  /** What `bytes` gave, from wherever it was kept; `name` is for the error. @throws {Error} where they are no snapshot */
  static parse(bytes: Buffer, name = 'the body'): BrokerSnapshot {
    if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new Error(`${name} is no snapshot of this version`);
    const end = bytes.indexOf('\n', MAGIC.length);
    const { brokers, entries } = JSON.parse(bytes.toString('utf8', MAGIC.length, end)) as {
      brokers: number;
      entries: Entry[];
    };
    const files = new MemoryFiles();
    let at = end + 1;
    for (const { path, size } of entries) {
      files.makeDirectory(dirname(path));
      if (size < 0) files.makeDirectory(path);
      else files.replace(path, bytes.subarray(at, (at += size)));
    }
    if (at !== bytes.length) throw new Error(`${name} is damaged: it has ${bytes.length} bytes instead of ${at}`);
    return new BrokerSnapshot(files, brokers, true);
  }

  save(path: string): void {
    nodeFiles.makeDirectory(dirname(resolve(path)));
    nodeFiles.replace(path, this.bytes(), false);
  }

  bytes(): Buffer {
    const entries: Entry[] = [];
    const contents: Buffer[] = [];
    const visit = (directory: string): void => {
      entries.push({ path: directory, size: -1 });
      for (const name of this.#files.list(directory)) {
        const inner = join(directory, name);
        if (this.#files.isDirectory(inner)) {
          visit(inner);
          continue;
        }
        const content = this.#files.readAll(inner);
        entries.push({ path: inner, size: content.length });
        contents.push(content);
      }
    };
    for (const name of this.#files.list('/')) visit(`/${name}`);
    const index = JSON.stringify({ brokers: this.brokers, entries });
    return Buffer.concat([Buffer.from(`${MAGIC}${index}\n`), ...contents]);
  }

  /** Only for the broker that begins from it: a disk of its own. */
  disk(): MemoryFiles {
    return this.#files.fork();
  }
}

/** Members belong to connections that a broker made of a snapshot never had: nobody would speak for them. */
export function dismissMembers(broker: RunningBroker): void {
  const { groups } = broker.parts;
  for (const { groupId, groupType } of groups.listGroups([], []).groups) {
    if (groupType === 'share') {
      for (const { memberId } of groups.share.describe(groupId).members) {
        const leaves = { memberId, memberEpoch: -1, rackId: null, subscribedTopicNames: null };
        void groups.share.heartbeat(groupId, { ...leaves, clientId: '', clientHost: '' }, -1);
      }
      continue;
    }
    if (groupType === 'streams') {
      for (const { memberId } of groups.streams.describe(groupId).members) {
        void groups.streams.heartbeat(groupId, { ...STREAMS_MEMBER_LEAVES, memberId }, -1);
      }
      continue;
    }
    if (groupType === 'consumer') {
      for (const { memberId } of groups.describeConsumerGroup(groupId).members) {
        void groups.leave({ groupId, members: [{ memberId, groupInstanceId: null, reason: null }] });
      }
      continue;
    }
    const members = groups.describeGroup(groupId).members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      reason: null,
    }));
    if (members.length > 0) void groups.leave({ groupId, members });
  }
}

const STREAMS_MEMBER_LEAVES = {
  memberEpoch: -1,
  endpointInformationEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  topology: null,
  activeTasks: null,
  standbyTasks: null,
  warmupTasks: null,
  processId: null,
  userEndpoint: null,
  clientTags: null,
  shutdownApplication: false,
  clientId: '',
  clientHost: '',
} as const;
