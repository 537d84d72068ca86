import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { containerAddress, mountedSettings } from '../../src/cli/container.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { dial } from '../running-broker.ts';
import { Command } from './command.ts';

const ROOT = fileURLToPath(new URL('../../container/root', import.meta.url));
const isWindows = process.platform === 'win32';
const MOUNTED = '/mnt/shared/config/server.properties';

/** What the testcontainers module for Java gives apache/kafka. */
const TESTCONTAINERS = {
  CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
  KAFKA_LISTENERS: 'PLAINTEXT://127.0.0.1:0,BROKER://127.0.0.1:0,CONTROLLER://127.0.0.1:9094',
  KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:32768,BROKER://localhost:9093',
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_NODE_ID: '1',
  KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9094',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_LOG_FLUSH_INTERVAL_MESSAGES: '9223372036854775807',
};

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function filesWith(properties: string): MemoryFiles {
  const files = new MemoryFiles();
  files.makeDirectory('/mnt/shared/config');
  files.replace(MOUNTED, properties);
  return files;
}

describe('the address a health check asks', () => {
  test.each([
    ['nothing is set', {}, { host: '127.0.0.1', port: 9092 }],
    ['all interfaces', { KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:29092' }, { host: '127.0.0.1', port: 29092 }],
    ['a name of its own', { KAFKA_LISTENERS: 'PLAINTEXT://broker:29092' }, { host: 'broker', port: 29092 }],
    [
      'only what to advertise',
      { KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka.example:7000' },
      { host: '127.0.0.1', port: 7000 },
    ],
    [
      'one in the clear beside TLS',
      { KAFKA_LISTENERS: 'SSL://:9093,PLAINTEXT://:9094' },
      { host: '127.0.0.1', port: 9094 },
    ],
    [
      'a controller alone',
      { KAFKA_PROCESS_ROLES: 'controller', KAFKA_LISTENERS: 'CONTROLLER://:9093' },
      { host: '127.0.0.1', port: 9093 },
    ],
  ])('with %s', (_what, variables, address) => {
    expect(containerAddress(variables, new MemoryFiles())).toEqual(address);
  });

  test('of a mounted server.properties, unless a variable says otherwise', () => {
    const files = filesWith('listeners=PLAINTEXT://:7001\n');
    expect(containerAddress({}, files).port).toBe(7001);
    expect(containerAddress({ KAFKA_LISTENERS: 'PLAINTEXT://:7002' }, files).port).toBe(7002);
  });
});

test('settings are read from the mounted file, and there need not be one', () => {
  expect(mountedSettings(filesWith('num.partitions=7\n'))).toEqual(new Map([['num.partitions', '7']]));
  expect(mountedSettings(new MemoryFiles())).toEqual(new Map());
});

describe('ottla start --container', () => {
  test('runs with the variables of a testcontainers module, and says each line they wait for once', async () => {
    const command = new Command(['start', '--container', '--memory'], TESTCONTAINERS);
    ends.push(() => command.kill('SIGKILL'));
    const client = await dial(await command.ready());
    await client.close();
    command.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    for (const awaited of [
      /Transitioning from RECOVERY to RUNNING/,
      /\[KafkaServer id=\d+\] started/,
      /Kafka Server started/,
    ]) {
      expect(command.stdout.split('\n').filter((line) => awaited.test(line))).toHaveLength(1);
    }
    expect(command.stderr).not.toContain('without effect'); // all of them act by now
  });

  test('of a controller alone is one, for brokers in services of their own', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ottla-controller-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const command = new Command(['start', '--container'], {
      KAFKA_PROCESS_ROLES: 'controller',
      KAFKA_NODE_ID: '7',
      KAFKA_LISTENERS: 'CONTROLLER://127.0.0.1:0',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LOG_DIRS: directory,
    });
    ends.push(() => command.kill('SIGKILL'));
    await vi.waitFor(() => expect(command.stdout).toContain('RUNNING'), { timeout: 20_000 });
    expect(command.stdout).toContain('[KafkaServer id=7] started');
    command.kill('SIGTERM');
    expect(await command.ended).toBe(0);
  });
});

describe('the scripts in the image', () => {
  const tools = mkdtempSync(join(tmpdir(), 'ottla-container-'));
  ends.push(() => rmSync(tools, { recursive: true, force: true }));
  writeFileSync(join(tools, 'ottla'), '#!/bin/sh\necho "ottla $*"\n');
  chmodSync(join(tools, 'ottla'), 0o755);

  function sh(script: string, ...args: string[]): string {
    return execFileSync('sh', [join(ROOT, script), ...args], {
      env: { PATH: `${tools}:${process.env.PATH}` },
      encoding: 'utf8',
    }).trim();
  }

  test.skipIf(isWindows)('run the broker where apache/kafka has its own', () => {
    expect(sh('etc/kafka/docker/run')).toBe('ottla start --container');
  });

  test.skipIf(isWindows)('the entry point runs commands as they stand, and gives the rest to Ottla', () => {
    expect(sh('usr/local/bin/ottla-entrypoint', 'sh', '-c', 'echo "$((1 + 1))"')).toBe('2');
    expect(sh('usr/local/bin/ottla-entrypoint', 'topics', 'list')).toBe('ottla topics list');
  });

  test.skipIf(isWindows)('kafka-storage makes an id, and formats where there are users', () => {
    expect(sh('usr/local/bin/kafka-storage', 'random-uuid')).toMatch(/^[\w-]{22}$/);
    expect(sh('usr/local/bin/kafka-storage', 'format', '-t', 'x')).toContain('nothing to do');
    const format = ['format', '-t', 'x', '--add-scram', 'SCRAM-SHA-256=[name=a,password=b]'];
    expect(sh('usr/local/bin/kafka-storage', ...format)).toBe(['ottla', 'kafka-storage', ...format].join(' '));
  });
});
