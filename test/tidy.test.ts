import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  docOffences,
  lengthOffences,
  pureOffences,
  reachOffences,
  seamOffences,
  spreadOffences,
} from './tidy/code-rules.ts';
import { apiOffences, nameOffences, privacyOffences } from './tidy/file-rules.ts';
import { cycleOffences, doorOffences, layerOffences, specifierOffences } from './tidy/import-rules.ts';
import { filesBelow } from './tidy/source-file.ts';
import type { SourceFile } from './tidy/source-file.ts';

const files = filesBelow(fileURLToPath(new URL('..', import.meta.url)));

describe('the house is tidy', () => {
  test('no layer imports one above it', () => expect(layerOffences(files)).toEqual([]));
  test('no files import one another in a ring', () => expect(cycleOffences(files)).toEqual([]));
  test('imports say the whole name of a file that exists', () => {
    expect(specifierOffences(files, builtinModules)).toEqual([]);
  });
  test('only src/platform opens files, sockets and timers', () => expect(doorOffences(files)).toEqual([]));
  test('only src/platform reads clocks and rolls dice', () => expect(seamOffences(files)).toEqual([]));
  test('pure files never wait and hold no door', () => expect(pureOffences(files)).toEqual([]));
  test('only src/partitions has the logs of partitions in its hands', () => expect(reachOffences(files)).toEqual([]));
  test('no list is spread into a call that takes it one by one', () => expect(spreadOffences(files)).toEqual([]));
  test('files are short', () => expect(lengthOffences(files)).toEqual([]));
  test('files that export say what they are for', () => expect(docOffences(files)).toEqual([]));
  test('names name things', () => expect(nameOffences(files)).toEqual([]));
  test('nothing names a registry or a path of one machine', () => expect(privacyOffences(files)).toEqual([]));
  test('every API key has its table, its one file and its line in the index', () =>
    expect(apiOffences(files)).toEqual([]));
});

/** A checkout in memory: what each path says. */
function checkout(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

describe('each rule can fail', () => {
  test('a layer below that imports one above is found, types and re-exports too', () => {
    const found = layerOffences(
      checkout({
        'src/log/log.ts': `import { a } from '../partitions/partition.ts'; import '../../protocol/reader.ts';`,
        'protocol/reader.ts': `import type { B } from '../src/platform/clock.ts';`,
        'src/apis/00-produce.ts': `export { nodeFiles } from '../platform/files.ts'; import '../platform/clock.ts';`,
        'src/broker/broker.ts': `import '../net/listener.ts'; import '../cli/start.ts';`,
        'src/net/listener.ts': `type Late = import('../log/log.ts').Log;`,
      }),
    );
    expect(found).toEqual([
      'src/log/log.ts imports src/partitions/partition.ts: src/log is not above it',
      'protocol/reader.ts imports src/platform/clock.ts: protocol is not above it',
      'src/apis/00-produce.ts imports src/platform/files.ts: src/apis is not above it',
      'src/broker/broker.ts imports src/cli/start.ts: src/broker is not above it',
      'src/net/listener.ts imports src/log/log.ts: src/net is not above it',
    ]);
  });

  test('a list that is spread into a call is found, and one that is spread into a list or an object is not', () => {
    const found = spreadOffences(
      checkout({
        'src/a.ts':
          'all.push(...more);\nMath.max(0, ...widths);\nlist.push({ ...one });\nconst b = [...all, f(...all)];',
        'protocol/b.ts': 'String.fromCharCode(...bytes);',
        'test/c.ts': 'all.push(...more);',
      }),
    );
    expect(found.map((line) => line.split(' ')[0])).toEqual(['src/a.ts:1', 'src/a.ts:2', 'protocol/b.ts:1']);
  });

  test('a ring is found once', () => {
    const found = cycleOffences(
      checkout({
        'src/a.ts': `import './b.ts'; import './d.ts';`,
        'src/b.ts': `export * from './c.ts';`,
        'src/c.ts': `await import('./a.ts');`,
        'src/d.ts': `import './c.ts';`,
      }),
    );
    expect(found).toEqual(['src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts']);
  });

  test('a cut-off, a missing and a bare built-in name are found', () => {
    const found = specifierOffences(
      checkout({ 'src/a.ts': `import './b'; import './gone.ts'; import 'fs'; import 'vitest';` }),
      ['fs'],
    );
    expect(found).toEqual([
      'src/a.ts imports ./b: write the whole file name',
      'src/a.ts imports ./gone.ts: there is no src/gone.ts',
      'src/a.ts imports fs: write node:fs',
    ]);
  });

  test('a door opened elsewhere is found; types, hashes and the client are no doors', () => {
    const found = doorOffences(
      checkout({
        'src/log/a.ts': `import { readFileSync } from 'node:fs'; import { randomUUID } from 'node:crypto';`,
        'src/log/b.ts': `import { createHash } from 'node:crypto'; import type { Socket } from 'node:net';`,
        'src/log/c.ts': `import * as crypto from 'node:crypto'; import { type Stats, statSync } from 'node:fs';`,
        'protocol/client.ts': `import { connect } from 'node:net';`,
        'src/platform/files.ts': `import { readFileSync } from 'node:fs';`,
      }),
    );
    expect(found).toEqual([
      'src/log/a.ts imports node:fs: take it as a parameter',
      'src/log/a.ts imports node:crypto: take it as a parameter',
      'src/log/c.ts imports node:fs: take it as a parameter',
    ]);
  });

  test('time and chance taken for oneself are found; fields of the same name are not', () => {
    const found = seamOffences(
      checkout({
        'src/log/a.ts':
          'Date.now();\nMath.random();\nsetTimeout(f, 1);\nperformance.now();\nnew Date();\nprocess.hrtime();',
        'src/log/b.ts': 'new Date(clock.now()); clock.setTimeout(f); const facts = { performance: 1 };',
        'src/platform/clock.ts': 'Date.now();',
      }),
    );
    expect(found).toEqual([
      'src/log/a.ts:1 uses Date.now: take a Clock or a Random',
      'src/log/a.ts:2 uses Math.random: take a Clock or a Random',
      'src/log/a.ts:3 uses setTimeout: take a Clock or a Random',
      'src/log/a.ts:4 uses performance: take a Clock or a Random',
      'src/log/a.ts:5 uses new Date(): take a Clock or a Random',
      'src/log/a.ts:6 uses process.hrtime: take a Clock or a Random',
    ]);
  });

  test('a pure file that waits or holds a door is found', () => {
    const found = pureOffences(
      checkout({
        'src/groups/classic/step.ts': 'async () => {\nawait x; };\nlet late: Promise<void>;',
        'src/cluster/image.ts': `import { systemClock } from '../platform/clock.ts'; import type { Clock } from '../platform/clock.ts';`,
        'src/groups/coordinator.ts': 'async () => { await x; };',
      }),
    );
    expect(found).toEqual([
      'src/groups/classic/step.ts:1 waits (async or Promise): this file is pure',
      'src/groups/classic/step.ts:2 waits (async or Promise): this file is pure',
      'src/groups/classic/step.ts:3 waits (async or Promise): this file is pure',
      'src/cluster/image.ts imports ../platform/clock.ts: this file is pure, it may import its types only',
    ]);
  });

  test('a long file is found, and one beyond its exception', () => {
    const lines = (count: number) => '1;\n'.repeat(count);
    const long = checkout({
      'src/a.ts': lines(400),
      'src/b.ts': lines(401),
      'src/c.ts': lines(900),
      'src/d.ts': lines(901),
    });
    expect(lengthOffences(long, { 'src/c.ts': 900, 'src/d.ts': 900 })).toEqual([
      'src/b.ts has 401 lines, 400 at most: split it by ideas',
      'src/d.ts has 901 lines, 900 at most: split it by ideas',
    ]);
  });

  test('a handler that reaches through a partition for its log is found; a logarithm is not', () => {
    const found = reachOffences(
      checkout({
        'src/apis/a.ts': 'const { log } = partition;\nf(partition.log.size);\n({ log: l }) => l;\nMath.log(2);',
        'src/apis/b.ts': 'const log = partitionOf(1); log.appendRecords([]); g({ log }); console.log(1);',
        'src/partitions/c.ts': 'partition.log.append();',
        'test/d.ts': 'partition.log.append();',
      }),
    );
    expect(found).toEqual(
      [1, 2, 3].map((line) => `src/apis/a.ts:${line} reaches for the log of a partition: ask the partition`),
    );
  });

  test('an export without a doc sentence is found', () => {
    const found = docOffences(
      checkout({
        'src/a.ts': '// only a remark\nexport const a = 1;',
        'src/b.ts': '/** Short. */\nexport const b = 1;',
        'src/c.ts': `import './a.ts';\n/** What c is for, as a sentence. */\nexport const c = 1;`,
        'src/d.ts': '/** What this file is for, at its top. */\nimport "./a.ts";\nexport const d = 1;',
        'src/main.ts': 'start();',
      }),
    );
    expect(found.map((offence) => offence.split(' ')[0])).toEqual(['src/a.ts', 'src/b.ts']);
  });

  test('a name that names nothing and one that is not kebab-case are found', () => {
    const found = nameOffences(
      checkout({ 'src/string-utils.ts': '', 'src/common/a.ts': '', 'src/fetchSession.ts': '', 'src/a.test.ts': '' }),
    );
    expect(found).toEqual([
      "src/string-utils.ts: 'utils' says nothing; name the thing",
      "src/common/a.ts: 'common' says nothing; name the thing",
      'src/fetchSession.ts: file names are kebab-case',
    ]);
  });

  test('a registry, a download address and a path of one machine are found', () => {
    const home = ['', 'home', 'ada', 'ottla'].join('/');
    const found = privacyOffences(
      checkout({
        'a.json': ['{\n"resolved": "', 'https://example.org/a.tgz" }'].join(''),
        'b.md': `see https://${['registry', 'npmjs', 'org'].join('.')}/ottla`,
        'c.ts': `const data = '${home}';`,
        'd.md': 'see /data/work/x and docs/home/index.md',
      }),
    );
    expect(found).toEqual([
      'a.json:2 names where a package was downloaded from',
      "b.md:1 names a package registry's host",
      'c.ts:1 names a path of one machine',
    ]);
  });

  test('an API file outside its index, with a taken key or without a table is found', () => {
    const found = apiOffences(
      checkout({
        'protocol/apis/index.ts': `export * from './00-produce.ts';`,
        'protocol/apis/00-produce.ts': '',
        'protocol/apis/00-fetch.ts': '',
        'src/apis/12-heartbeat.ts': '',
        'src/apis/handler.ts': '',
      }),
    );
    expect(found).toEqual([
      'protocol/apis/00-fetch.ts is not listed in protocol/apis/index.ts',
      'protocol/apis/00-fetch.ts has the API key of protocol/apis/00-produce.ts',
      'src/apis/12-heartbeat.ts is not listed in src/apis/index.ts',
      'src/apis/12-heartbeat.ts has no table in protocol/apis/12-heartbeat.ts',
    ]);
  });
});
