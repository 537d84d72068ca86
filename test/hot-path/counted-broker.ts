/** A broker whose calls to the disk and the network are counted, and whose clients cost nothing themselves. */
import { getHeapStatistics } from 'node:v8';
import { startBroker, type BrokerOptions, type RunningBroker } from '../../src/broker/broker.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import type { Files, OpenFile } from '../../src/platform/files.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import type { Network, Receiver, Socket } from '../../src/platform/network.ts';

export interface Counts {
  writes: number;
  bytesWritten: number;
  reads: number;
  bytesRead: number;
  opens: number;
  syncs: number;
  sends: number;
  bytesSent: number;
}

const NOTHING: Counts = {
  writes: 0,
  bytesWritten: 0,
  reads: 0,
  bytesRead: 0,
  opens: 0,
  syncs: 0,
  sends: 0,
  bytesSent: 0,
};

/** No turn of the event loop is long: what is counted does not depend on how busy the machine is. */
export const standingClock: Clock = { ...systemClock, monotonic: () => 0 };

export class CountedBroker {
  readonly counts: Counts = { ...NOTHING };
  /** The memory that was written to a file last: to see whether bytes were copied on their way. */
  lastWritten: ArrayBufferLike | null = null;
  lastSent: ArrayBufferLike | null = null;
  broker!: RunningBroker;
  #accept!: (socket: Socket) => Receiver;

  static async start(options: BrokerOptions = {}): Promise<CountedBroker> {
    const counted = new CountedBroker();
    const network: Network = {
      listen: (_host, _port, accept) => {
        counted.#accept = accept;
        return Promise.resolve({ port: 9092, close: () => Promise.resolve() });
      },
      connect: () => Promise.reject(new Error('nothing is reached from here')),
    };
    counted.broker = await startBroker({
      settings: { 'log.dirs': '/data', listeners: 'PLAINTEXT://127.0.0.1:9092' },
      files: countedFiles(new MemoryFiles(), counted),
      network,
      logger: silentLogger,
      clock: standingClock,
      ...options,
    });
    return counted;
  }

  connect(): Client {
    const client = new Client(this);
    client.attach(this.#accept(client));
    return client;
  }

  async createTopic(name: string, configs: { name: string; value: string }[] = []): Promise<string> {
    const { controller } = this.broker.parts;
    const asked = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs };
    await controller.createTopics([asked], { validateOnly: false });
    return controller.image.topicsByName.get(name)!.id;
  }

  /** What `task` asks of the disk and the network. */
  count(task: () => void): Counts {
    Object.assign(this.counts, NOTHING);
    task();
    return { ...this.counts };
  }
}

/** Bytes of objects that `task` makes, each call of it, once it is compiled. */
export function allocatedBy(task: () => void): number {
  for (let i = 0; i < 3000; i++) task();
  const rounds = Array.from({ length: 5 }, () => {
    const before = getHeapStatistics() as unknown as { total_allocated_bytes: number };
    for (let i = 0; i < 200; i++) task();
    const after = getHeapStatistics() as unknown as { total_allocated_bytes: number };
    return (after.total_allocated_bytes - before.total_allocated_bytes) / 200;
  });
  return Math.min(...rounds); // others, above all the compiler, allocate now and then
}

function countedFiles(files: Files, counted: CountedBroker): Files {
  const { counts } = counted;
  const isData = (path: string): boolean => path.endsWith('.log');
  const open = (path: string, mode: 'read' | 'write'): OpenFile => {
    const file = files.open(path, mode);
    counts.opens++;
    if (!isData(path)) return file;
    return {
      path,
      read(into, offset, length, position) {
        counts.reads++;
        counts.bytesRead += length;
        return file.read(into, offset, length, position);
      },
      write(from, offset, length, position) {
        counts.writes++;
        counts.bytesWritten += length;
        counted.lastWritten = from.buffer;
        file.write(from, offset, length, position);
      },
      writev(pieces, position) {
        counts.writes++;
        for (const piece of pieces) counts.bytesWritten += piece.length;
        counted.lastWritten = pieces.at(-1)!.buffer;
        file.writev(pieces, position);
      },
      size: () => file.size(),
      truncate: (size) => file.truncate(size),
      sync: () => file.sync(),
      syncLater() {
        counts.syncs++;
        return file.syncLater();
      },
      close: () => file.close(),
    };
  };
  return new Proxy(files, {
    get: (target, key: keyof Files) => {
      if (key === 'open') return open;
      const value = target[key] as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** One connection: what it sends is read at once, into the buffer that the broker has lent. */
export class Client implements Socket {
  readonly remoteHost = '127.0.0.1';
  readonly remotePort = 1;
  readonly #counted: CountedBroker;
  #receiver!: Receiver;
  #lent!: Uint8Array;

  constructor(counted: CountedBroker) {
    this.#counted = counted;
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#lent = receiver.buffer();
  }

  /** In one read, or as many as the buffers that are lent ask for. */
  deliver(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(this.#lent.length, bytes.length - at);
      this.#lent.set(length === bytes.length ? bytes : bytes.subarray(at, at + length));
      at += length;
      this.#receiver.received(length);
      this.#lent = this.#receiver.buffer();
    }
  }

  send(data: Uint8Array): boolean {
    this.#counted.counts.sends++;
    this.#counted.counts.bytesSent += data.length;
    this.#counted.lastSent = data.buffer;
    return true;
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}
