import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { prepareBroker } from '../../src/broker/broker-options.ts';
import { metadataPath } from '../../src/broker/cluster-member.ts';
import { ConfigError } from '../../src/config/definition.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';

test.each([
  [null, ['one', 'two'], 'one'],
  ['two', ['one', 'two'], 'two'],
  ['./two/', ['/one', 'two'], 'two'],
  [resolve('two'), ['one', 'two'], 'two'],
])('metadata.log.dir=%s of log.dirs=%j is %s', (wanted, paths, found) => {
  expect(metadataPath(wanted, paths)).toBe(resolve(found));
});

test('a metadata.log.dir that is none of log.dirs is refused, before a directory is opened or a controller asked', async () => {
  const files = new MemoryFiles();
  const settings = {
    'process.roles': 'broker',
    'controller.quorum.bootstrap.servers': '127.0.0.1:1',
    'log.dirs': '/one,/two',
    'metadata.log.dir': '/three',
  };
  const refusal = await prepareBroker({ files, settings }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ConfigError);
  expect((refusal as Error).message).toContain('metadata.log.dir=/three is none of log.dirs (/one, /two)');
  expect(files.exists('/one')).toBe(false);
});
