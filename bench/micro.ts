/**
 * `npm run bench:micro`: what the pieces of the hot path cost alone, in nanoseconds of processor time. Words after `--` choose
 * pieces by name: `npm run bench:micro -- crc append`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fetch, Metadata, Produce } from '../protocol/apis/index.ts';
import { requestCodec, responseCodec } from '../protocol/compile.ts';
import { Reader } from '../protocol/reader.ts';
import * as batch from '../protocol/records/batch.ts';
import { crc32c, wasmMemory } from '../protocol/records/crc32c.ts';
import { walkRecords } from '../protocol/records/walk.ts';
import type { Api, Draft, Fields } from '../protocol/schema.ts';
import { Writer } from '../protocol/writer.ts';
import { defaultLogConfig } from '../src/config/log-config.ts';
import { AppendStage } from '../src/log/append-stage.ts';
import { Log } from '../src/log/log.ts';
import { validateBatch } from '../src/log/validate.ts';
import { systemClock } from '../src/platform/clock.ts';
import { nodeFiles } from '../src/platform/files.ts';
import { silentLogger } from '../src/platform/logger.ts';
import { batchOf } from './frames.ts';
import { securityPieces } from './micro-security.ts';

const WARM_UP_MS = 150;
const MEASURE_MS = 400;
const words = process.argv.slice(2);
const room = mkdtempSync(join(tmpdir(), 'ottla-micro-'));

function isChosen(name: string): boolean {
  return words.length === 0 || words.some((word) => name.includes(word));
}

/** Runs `task` for a while; says what one call costs, and per byte where it has `bytes`. */
function measure(name: string, task: () => void, bytes = 0): void {
  if (!isChosen(name)) return;
  const runFor = (milliseconds: number): number => {
    let count = 0;
    for (const end = performance.now() + milliseconds; performance.now() < end; count += 16) {
      for (let i = 0; i < 16; i++) task();
    }
    return count;
  };
  runFor(WARM_UP_MS);
  const before = process.cpuUsage();
  const count = runFor(MEASURE_MS);
  const { user, system } = process.cpuUsage(before);
  const nanoseconds = ((user + system) * 1000) / count;
  const rate = bytes === 0 ? '' : `${(bytes / nanoseconds).toFixed(2).padStart(9)} GB/s`;
  process.stdout.write(`${name.padEnd(52)} ${nanoseconds.toFixed(0).padStart(10)} ns${rate}\n`);
}

function codec<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number, draft: Draft<Req>): void {
  const compiled = requestCodec(api, version); // its methods replace themselves at their first call
  const writer = new Writer(1 << 20);
  compiled.encode(writer, draft);
  const reader = new Reader();
  const end = writer.position;
  const name = `${api.name} v${version} request, ${end} bytes`;
  measure(`codec: decode ${name}`, () => {
    reader.reset(writer.buffer, 0, end);
    compiled.decode(reader);
  });
  measure(`codec: encode ${name}`, () => {
    writer.reset();
    compiled.encode(writer, draft);
  });
}

function codecs(): void {
  const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
  const partitionData = [{ index: 0, records: batchOf({ records: 1, valueBytes: 100 }) }];
  codec(Produce, 13, { acks: 1, timeoutMs: 30_000, topicData: [{ topicId, partitionData }] });
  const partitions = Array.from({ length: 10 }, (_, partition) => ({
    partition,
    fetchOffset: 17,
    partitionMaxBytes: 1 << 20,
  }));
  codec(Fetch, 17, { maxWaitMs: 500, minBytes: 1, topics: [{ topicId, partitions }] });
  codec(Metadata, 13, { topics: [{ name: 'orders' }] });
  const response = {
    brokers: [{ nodeId: 1, host: 'localhost', port: 9092 }],
    topics: Array.from({ length: 10 }, (_, topic) => ({
      errorCode: 0,
      name: `topic-${topic}`,
      partitions: Array.from({ length: 10 }, (_, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: 1,
        replicaNodes: [1],
        isrNodes: [1],
        offlineReplicas: [],
      })),
    })),
    controllerId: 1,
  };
  const writer = new Writer(1 << 16);
  const compiled = responseCodec(Metadata, 13);
  measure('codec: encode Metadata v13 response, 10 x 10', () => {
    writer.reset();
    compiled.encode(writer, response);
  });
}

function checksums(): void {
  const inside = wasmMemory.allocate(1 << 20);
  const outside = Buffer.alloc(1 << 20, 7);
  for (const size of [64, 170, 1 << 10, 1 << 14, 1 << 17, 1 << 20]) {
    measure(`crc: ${size} bytes, received`, () => void crc32c(inside, 0, size), size);
    measure(`crc: ${size} bytes, copied first`, () => void crc32c(outside, 0, size), size);
  }
}

const config = defaultLogConfig;
const stage = new AppendStage();

function openLog(name: string, more: Partial<typeof config> = {}): Log {
  return Log.open({
    files: nodeFiles,
    directory: join(room, name),
    clock: systemClock,
    logger: silentLogger,
    config: { ...config, ...more },
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    stage,
    cleanShutdown: true,
  });
}

function records(): void {
  const bytes = batchOf({ records: 140, valueBytes: 100 });
  const count = batch.recordCount(bytes, 0);
  measure('records: walk 140 of 100 B', () => void walkRecords(bytes, batch.BATCH_OVERHEAD, bytes.length, count));
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const produced = batchOf({ records: 140, valueBytes: 100, compression });
    const rules = { config, nowMs: Date.now(), apiVersion: 13 };
    measure(
      `records: validate 140 of 100 B, ${compression}`,
      () => void validateBatch(produced, 0, produced.length, rules),
    );
  }
}

function appends(): void {
  for (const [what, shape] of [
    ['1 of 100 B', { records: 1, valueBytes: 100 }],
    ['15 KB', { records: 140, valueBytes: 100 }],
  ] as const) {
    const log = openLog(`append-${shape.records}-0`);
    const bytes = batchOf(shape);
    measure(
      `append: ${what}, each written`,
      () => {
        log.append(bytes, 0, bytes.length, 1);
        stage.flush();
      },
      bytes.length,
    );
    measure(
      `append: ${what}, 50 in one write`,
      () => {
        for (let i = 0; i < 50; i++) log.append(bytes, 0, bytes.length, 1);
        stage.flush();
      },
      50 * bytes.length,
    );
    log.delete();
  }
}

function lookups(): void {
  const log = openLog('lookup-0');
  const bytes = batchOf({ records: 140, valueBytes: 100 });
  for (let i = 0; i < 10_000; i++) log.append(bytes, 0, bytes.length, 1);
  stage.flush();
  let offset = 0;
  measure('index: locate, offsets all over a log of 150 MB', () => {
    offset = (offset + 7919 * 131) % log.endOffset;
    log.locate(offset, log.endOffset, 1 << 20, true);
  });
  measure('index: locate, where the last read ended', () => {
    const range = log.locate(offset, log.endOffset, 1 << 17, true);
    offset = range === null || range.nextOffset >= log.endOffset ? 0 : range.nextOffset;
  });
  log.delete();
}

/** Writers that wait for the disk and share its syncs, without a network: appends per second of real time. */
async function groupCommits(): Promise<void> {
  const name = 'group commit: 64 writers of 15 KB';
  if (!isChosen(name)) return;
  const log = openLog('commit-0', { flushMessages: 1 });
  const bytes = batchOf({ records: 140, valueBytes: 100 });
  let appended = 0;
  const endMs = performance.now() + 3000;
  const before = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (performance.now() < endMs) {
        log.append(bytes, 0, bytes.length, 1);
        stage.flush();
        const committed = log.flusher.commits.join();
        log.flusher.startCommit();
        await committed;
        appended++;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const each = (user + system) / appended;
  process.stdout.write(
    `${name}: ${(appended / seconds).toFixed(0)} appends/s, ${each.toFixed(1)} µs of processor time each\n`,
  );
  log.delete();
}

try {
  codecs();
  checksums();
  records();
  appends();
  lookups();
  securityPieces(measure);
  await groupCommits();
} finally {
  rmSync(room, { recursive: true, force: true });
}
