/** What a start finds in log.dirs never ends it, unless going on would lose data; and a topic has its folders or is not there. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { asideName } from '../../src/log/aside.ts';
import { nodeFiles, type Files } from '../../src/platform/files.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import { consume, createTopic, dial, produce, topicOf } from '../running-broker.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

let lines: string[] = [];

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'ottla-odd-'));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(path: string, files: Files = nodeFiles): Promise<RunningBroker> {
  lines = [];
  const logger = lineLogger(
    'warn',
    (line) => lines.push(line),
    () => 0,
  );
  // Deleted logs go at once, so that a start finds no more than a test has put there.
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': path, 'log.segment.delete.delay.ms': '0' };
  const broker = await startBroker({ settings, logger, files });
  ends.push(() => broker.stop());
  return broker;
}

async function clientOf(broker: RunningBroker) {
  const client = await dial(broker.bootstrap);
  ends.push(() => client.close());
  return client;
}

async function remove(client: Awaited<ReturnType<typeof clientOf>>, name: string): Promise<number> {
  const { responses } = await client.send(DeleteTopics, 5, { topicNames: [name], timeoutMs: 1000 });
  return responses[0].errorCode;
}

describe('names that are long', () => {
  test.each([213, 214, 215, 240, 249])(
    'a topic of %i letters is deleted, made again, and there after a restart',
    async (length) => {
      const path = directory();
      const name = 'n'.repeat(length);
      let broker = await start(path);
      let client = await clientOf(broker);
      const deleted: number[] = [];
      for (const value of ['first', 'second']) {
        expect(await createTopic(client, name)).toBe(0);
        await produce(client, name, 0, [value]);
        expect(await consume(client, name, 0)).toEqual([value]);
        deleted.push(value === 'first' ? await remove(client, name) : 0);
      }
      await broker.stop();
      broker = await start(path);
      client = await clientOf(broker);
      expect(await consume(client, name, 0)).toEqual(['second']);
      expect(lines).toEqual([]);
    },
  );

  test.each(['t-0', `${'n'.repeat(249)}-0`, `${'n'.repeat(249)}-99999`, `${'é'.repeat(120)}-7`])(
    'the name %s is set aside within 255 bytes, its partition kept',
    (name) => {
      const aside = asideName(name, '0'.repeat(32), 'delete');
      expect(Buffer.byteLength(aside)).toBeLessThanOrEqual(255);
      expect(aside).toMatch(new RegExp(`${/-\d+$/.exec(name)![0]}\\.0{32}-delete$`));
    },
  );
});

test('the folder of a deleted topic that is put back, twice, makes way twice', async () => {
  const path = directory();
  let broker = await start(path);
  let client = await clientOf(broker);
  await createTopic(client, 'orders');
  await produce(client, 'orders', 0, ['old']);
  await broker.stop();
  const saved = join(directory(), 'orders-0');
  renameSync(join(path, 'orders-0'), saved);
  broker = await start(path);
  client = await clientOf(broker);
  await remove(client, 'orders');
  await createTopic(client, 'orders');
  await produce(client, 'orders', 0, ['new']);
  await broker.stop();
  for (let round = 1; round <= 2; round++) {
    const own = join(directory(), 'own');
    renameSync(join(path, 'orders-0'), own);
    mkdirSync(join(path, 'orders-0'));
    for (const name of readdirSync(saved)) writeFileSync(join(path, 'orders-0', name), name);
    writeFileSync(join(path, 'orders-0', 'partition.metadata'), 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n');
    broker = await start(path);
    expect(readdirSync(path).filter((name) => name.endsWith('-stray'))).toHaveLength(round);
    expect(lines.filter((line) => line.includes('log-moved-aside'))).toHaveLength(1);
    await broker.stop();
  }
});

test('a plain file with the name of a partition is set aside, at a start and while the broker runs', async () => {
  const path = directory();
  let broker = await start(path);
  let client = await clientOf(broker);
  await createTopic(client, 'orders', 2);
  await produce(client, 'orders', 0, ['kept']);
  writeFileSync(join(path, 'later-0'), 'mine');
  expect(await createTopic(client, 'later')).toBe(0);
  await produce(client, 'later', 0, ['x']);
  await broker.stop();
  rmSync(join(path, 'orders-1'), { recursive: true });
  writeFileSync(join(path, 'orders-1'), 'a plain file');
  symlinkSync('/nowhere/at/all', join(path, 'linked-0'));
  broker = await start(path);
  client = await clientOf(broker);
  expect(await consume(client, 'orders', 0)).toEqual(['kept']);
  expect(await produce(client, 'orders', 1, ['x'])).toBe(0);
  expect(await createTopic(client, 'linked')).toBe(0);
  expect(await produce(client, 'linked', 0, ['x'])).toBe(0);
  expect(lines.filter((line) => line.includes('log-moved-aside'))).toHaveLength(2);
});

test('a topic whose folders cannot be made is not created, wholly, and not there after a restart', async () => {
  const path = directory();
  let broker = await start(path);
  let client = await clientOf(broker);
  const name = 'n'.repeat(249);
  await createTopic(client, 'orders', 1);
  // The partition with five digits still fits a file system's names; those with six do not.
  const topics = [{ name: 'wide', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }];
  const { parts } = broker;
  const real = parts.partitions.makeFolders.bind(parts.partitions);
  parts.partitions.makeFolders = (topic, indexes) => {
    if (topic === 'wide' || (topic === 'orders' && indexes.includes(1))) {
      throw Object.assign(new Error('ENAMETOOLONG: name too long'), { code: 'ENAMETOOLONG' });
    }
    return real(topic, indexes);
  };
  const made = await client.send(CreateTopics, 5, { topics, timeoutMs: 1000, validateOnly: false });
  expect(made.topics[0]).toMatchObject({
    errorCode: ErrorCode.KAFKA_STORAGE_ERROR,
    errorMessage: expect.stringContaining('wide'),
  });
  const more = await client.send(CreatePartitions, 1, {
    topics: [{ name: 'orders', count: 3, assignments: null }],
    timeoutMs: 1000,
    validateOnly: false,
  });
  expect(more.results[0].errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  expect(await createTopic(client, name)).toBe(0);
  await broker.stop();
  broker = await start(path);
  client = await clientOf(broker);
  expect([...broker.parts.controller.image.topicsByName.keys()].toSorted()).toEqual([name, 'orders'].toSorted());
  expect((await topicOf(client, 'orders')).partitions).toHaveLength(1);
});

/** Numbers that follow from a seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

/** What people, backups and crashes leave in log.dirs, and in the folders of partitions. */
const ODD: readonly ((path: string, roll: (sides: number) => number) => void)[] = [
  (path) => writeFileSync(join(path, 'empty-0'), ''),
  (path) => writeFileSync(join(path, 'orders-7'), 'a plain file'),
  (path) => mkdirSync(join(path, 'unknown-3')),
  (path) => mkdirSync(join(path, 'lost+found')),
  (path) => mkdirSync(join(path, '-0')),
  (path) => mkdirSync(join(path, 'orders-01')),
  (path) => mkdirSync(join(path, 'orders-9999999999')),
  (path) => mkdirSync(join(path, 'ö-0')),
  (path) => writeFileSync(join(path, '.DS_Store'), 'x'),
  (path) => writeFileSync(join(path, 'notes.txt'), 'x'),
  (path) => symlinkSync('/nowhere', join(path, 'orders-5')),
  (path) => symlinkSync('loop-0', join(path, 'loop-0')),
  (path) => mkdirSync(join(path, `orders-0.${'a'.repeat(32)}-delete`)),
  (path) => mkdirSync(join(path, `orders-0.${'0'.repeat(32)}-stray`), { recursive: true }),
  (path) => mkdirSync(join(path, `orders-0.${'b'.repeat(32)}-future`)),
  (path) => mkdirSync(join(path, 'recovery-point-offset-checkpoint.tmp')),
  (path) => {
    rmSync(join(path, 'recovery-point-offset-checkpoint'), { force: true });
    mkdirSync(join(path, 'recovery-point-offset-checkpoint'), { recursive: true });
  },
  (path) => {
    rmSync(join(path, 'log-start-offset-checkpoint'), { force: true });
    mkdirSync(join(path, 'log-start-offset-checkpoint'), { recursive: true });
  },
  (path) => {
    rmSync(join(path, '.kafka_cleanshutdown'), { force: true });
    mkdirSync(join(path, '.kafka_cleanshutdown'), { recursive: true });
  },
  (path, roll) =>
    mkdirSync(join(path, 'orders-1', `${String(1 + roll(9)).padStart(20, '0')}.log`), { recursive: true }),
  (path) => mkdirSync(join(path, 'orders-1', '00000000000000000000.index.cleaned'), { recursive: true }),
  (path) => writeFileSync(join(path, 'orders-1', 'notes.txt'), 'x'),
  (path) => mkdirSync(join(path, 'orders-1', 'backup')),
  (path) => {
    rmSync(join(path, 'orders-1', 'leader-epoch-checkpoint'), { force: true, recursive: true });
    mkdirSync(join(path, 'orders-1', 'leader-epoch-checkpoint'));
  },
  (path) => {
    rmSync(join(path, 'orders-1', 'partition.metadata'), { force: true, recursive: true });
    mkdirSync(join(path, 'orders-1', 'partition.metadata'));
  },
  (path, roll) =>
    mkdirSync(join(path, 'orders-1', `${String(roll(9)).padStart(20, '0')}.snapshot`), { recursive: true }),
  (path, roll) =>
    mkdirSync(join(path, 'orders-1', `${String(roll(9)).padStart(20, '0')}.txnindex`), { recursive: true }),
  (path) => {
    rmSync(join(path, 'orders-1'), { recursive: true, force: true });
    writeFileSync(join(path, 'orders-1'), 'a plain file');
  },
  (path) => {
    rmSync(join(path, 'orders-1'), { recursive: true, force: true });
    symlinkSync('orders-1', join(path, 'orders-1'));
  },
  (path) => chmodSync(join(path, 'orders-1'), 0o000),
  (path) => {
    rmSync(join(path, '.lock'), { force: true, recursive: true });
    symlinkSync('/nowhere', join(path, '.lock'));
  },
  (path) => writeFileSync(join(path, 'orders-1', '99999999999999999999.log'), 'x'),
  (path) => {
    mkdirSync(join(path, 'fresh-0-7'));
    writeFileSync(join(path, 'fresh-0-7', '00000000000000000000.log'), 'of something else');
  },
];

/** What was kept is there, and new topics can be made, by two starts. */
async function startsAfter(disturb: (path: string) => void, files: Files = nodeFiles): Promise<string[]> {
  const path = directory();
  let broker = await start(path);
  let client = await clientOf(broker);
  await createTopic(client, 'orders', 2);
  await produce(client, 'orders', 0, ['kept']);
  await broker.stop();
  disturb(path);
  ends.push(() => existsSync(join(path, 'orders-1')) && chmodSync(join(path, 'orders-1'), 0o755));
  const seen: string[] = [];
  for (let round = 0; round < 2; round++) {
    broker = await start(path, files);
    client = await clientOf(broker);
    seen.push(...(await consume(client, 'orders', 0)));
    seen.push(String(await createTopic(client, `fresh-${round}`, 8)));
    seen.push(String(await produce(client, `fresh-${round}`, 7, ['x'])));
    await broker.stop();
  }
  return seen;
}

const FINE = ['kept', '0', '0', 'kept', '0', '0'];

describe('odd things in log.dirs end no start', () => {
  test.each(ODD.map((odd, index) => [index, odd] as const))('thing %i alone', async (index, odd) => {
    expect(await startsAfter((path) => odd(path, dice(index)))).toEqual(FINE);
  });

  test.each(Array.from({ length: 12 }, (_, seed) => [seed]))('some of them together, seed %i', async (seed) => {
    const roll = dice(seed + 1);
    const disturb = (path: string): void => {
      for (let count = 0; count < 2 + roll(4); count++) {
        try {
          ODD[roll(ODD.length)](path, roll);
        } catch (error) {
          if (!/EEXIST|ENOTDIR|ENOENT|ELOOP/.test((error as Error).message)) throw error; // two that do not go together
        }
      }
    };
    expect(await startsAfter(disturb)).toEqual(FINE);
  });
});

/** A disk on which this user may not look into what `isDenied` until it has another name: root never meets one. */
function denying(isDenied: (path: string) => boolean): Files {
  const OPEN = new Set(['exists', 'isDirectory', 'lock', 'makeDirectory']);
  const renamed = new Set<string>();
  return new Proxy(nodeFiles, {
    get(files, name: keyof Files) {
      const method = files[name] as (...parameters: unknown[]) => unknown;
      if (name === 'rename') {
        return (from: string, to: string) => {
          renamed.add(from);
          files.rename(from, to);
        };
      }
      if (OPEN.has(name)) return method.bind(files);
      return (...parameters: unknown[]) => {
        const path = String(parameters[0]);
        if (isDenied(path) && !renamed.has(path) && !renamed.has(dirname(path))) {
          throw Object.assign(new Error(`EACCES: permission denied, ${name}`), { code: 'EACCES' });
        }
        return method.apply(files, parameters);
      };
    },
  });
}

describe('what this user may not read ends no start', () => {
  test.each([
    ['the folder of a partition', 'orders-1'],
    ['the log of a partition', 'orders-1/00000000000000000000.log'],
    ['the epochs of a partition', 'orders-1/leader-epoch-checkpoint'],
    ['the label of a partition', 'orders-1/partition.metadata'],
    ['a folder with the name of a new partition', 'fresh-0-7'],
    ['a checkpoint', 'recovery-point-offset-checkpoint'],
    ['a folder that was about to be removed', `orders-0.${'a'.repeat(32)}-delete`],
    ['a folder of a move that had not ended', `orders-0.${'a'.repeat(32)}-future`],
  ])('%s', async (_, denied) => {
    let root = '';
    const isDenied = (path: string): boolean =>
      root !== '' && (path === join(root, denied) || path.startsWith(`${join(root, denied)}/`));
    const disturb = (path: string): void => {
      root = path;
      mkdirSync(join(path, denied), { recursive: true });
    };
    const isThere = /^orders-1|checkpoint$/.test(denied);
    const seen = await startsAfter((path) => (isThere ? void (root = path) : disturb(path)), denying(isDenied));
    expect(seen).toEqual(FINE);
  });

  test('a partition that cannot be opened answers KAFKA_STORAGE_ERROR, and is whole again once it can be', async () => {
    const path = directory();
    const denied = join(path, 'orders-1');
    let broker = await start(path);
    let client = await clientOf(broker);
    await createTopic(client, 'orders', 2);
    await produce(client, 'orders', 1, ['kept']);
    await broker.stop();
    broker = await start(
      path,
      denying((one) => one.startsWith(denied)),
    );
    client = await clientOf(broker);
    await expect(produce(client, 'orders', 1, ['lost'])).rejects.toThrow(String(ErrorCode.KAFKA_STORAGE_ERROR));
    expect(lines.filter((line) => line.includes('log-not-opened'))).toHaveLength(1);
    await broker.stop();
    broker = await start(path);
    client = await clientOf(broker);
    expect(await consume(client, 'orders', 1)).toEqual(['kept']);
  });
});
