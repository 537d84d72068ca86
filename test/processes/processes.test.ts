/** `ottla start --processes N` as it is run: real processes, killed one by one and all at once. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import type { Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { Command } from '../cli/command.ts';
import { freePort, isFree } from '../crash/free-port.ts';
import { consume, dial } from '../running-broker.ts';

const BROKERS = 3;
const POLLED = { timeout: 20_000, interval: 50 };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function started(): Promise<{ command: Command; ports: readonly number[]; directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-processes-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  const first = await freePort(BROKERS + 1);
  const { command } = run(['--port', String(first), '--dir', directory]);
  const bootstrap = await command.ready();
  const ports = Array.from({ length: BROKERS }, (_, i) => first + i);
  expect(bootstrap).toBe(ports.map((port) => `127.0.0.1:${port}`).join());
  return { command, ports, directory };
}

function run(args: readonly string[]): { command: Command } {
  const command = new Command(['start', '--processes', String(BROKERS), '--host', '127.0.0.1', ...args]);
  ends.push(async () => {
    command.kill('SIGKILL');
    await command.ended;
  });
  return { command };
}

/** Process ids of the brokers, as the system knows them. */
function childrenOf({ process: { pid } }: Command): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Not of one that has ended, and that init has not waited for. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function dialed(port: number): Promise<Client> {
  const client = await dial(`127.0.0.1:${port}`);
  ends.push(() => client.close());
  return client;
}

async function unfenced(client: Client): Promise<number[]> {
  const asked = { includeClusterAuthorizedOperations: false, includeFencedBrokers: true };
  const { brokers } = await client.send(DescribeCluster, 2, asked);
  return brokers.flatMap(({ brokerId, isFenced }) => (isFenced ? [] : [brokerId])).toSorted((a, b) => a - b);
}

async function partitionOf(client: Client, name: string) {
  const { topics } = await client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
  return topics[0].partitions[0];
}

async function inSync(client: Client, name: string): Promise<number[]> {
  return (await partitionOf(client, name)).isrNodes.toSorted((a, b) => a - b);
}

/** On all replicas that are in sync, or an error code below 0. */
async function produce(client: Client, topic: string, index: number, value: string): Promise<number> {
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }] });
  const topicData = [{ name: topic, partitionData: [{ index, records }] }];
  const { responses } = await client.send(Produce, 9, { acks: -1, timeoutMs: 5000, topicData });
  const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
  return errorCode === 0 ? baseOffset : -errorCode;
}

describe.skipIf(process.platform !== 'linux')('several processes', { timeout: 120_000 }, () => {
  test('are one cluster of replicas, which outlives any of them, and ends with one signal', async () => {
    const { command, ports } = await started();
    const client = await dialed(ports[0]);
    expect(await unfenced(client)).toEqual([1, 2, 3]);
    const topic = {
      name: 'orders',
      numPartitions: 1,
      replicationFactor: -1,
      assignments: [{ partitionIndex: 0, brokerIds: [2, 3, 1] }],
      configs: [],
    };
    const { topics } = await client.send(CreateTopics, 7, {
      topics: [{ ...topic, numPartitions: -1 }],
      timeoutMs: 5000,
      validateOnly: false,
    });
    expect(topics[0].errorCode).toBe(0);
    await expect.poll(() => inSync(client, 'orders'), POLLED).toEqual([1, 2, 3]);
    expect(await produce(await dialed(ports[1]), 'orders', 0, 'one')).toBe(0);

    const brokers = childrenOf(command);
    expect(brokers).toHaveLength(BROKERS);
    process.kill(brokers[1], 'SIGKILL'); // broker 2, which leads
    const beganMs = performance.now();
    await expect.poll(async () => (await partitionOf(client, 'orders')).leaderId, POLLED).toBe(3);
    expect(performance.now() - beganMs).toBeLessThan(5000);
    expect(await produce(await dialed(ports[2]), 'orders', 0, 'two')).toBe(1);
    await expect.poll(() => unfenced(client), POLLED).toEqual([1, 2, 3]);
    await expect.poll(() => inSync(client, 'orders'), POLLED).toEqual([1, 2, 3]);
    expect(await consume(await dialed(ports[2]), 'orders', 0)).toEqual(['one', 'two']);
    expect(childrenOf(command)).toHaveLength(BROKERS);

    const last = childrenOf(command);
    command.kill('SIGINT');
    expect(await command.ended).toBe(0);
    expect(last.filter(isRunning)).toEqual([]);
    expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true]);
    expect(command.stdout).toBe(`ready ${ports.map((port) => `127.0.0.1:${port}`).join()}\n`);
  });

  test('end within two seconds when the first of them is killed, and start again with all they had', async () => {
    const { command, ports, directory } = await started();
    const topic = { name: 'orders', numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] };
    await (await dialed(ports[0])).send(CreateTopics, 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
    const client = await dialed(ports[0]);
    const leader = (await partitionOf(client, 'orders')).leaderId;
    await expect.poll(async () => produce(await dialed(ports[leader - 1]), 'orders', 0, 'kept'), POLLED).toBe(0);
    const brokers = childrenOf(command);
    command.kill('SIGKILL');
    const endMs = performance.now() + 2000;
    while (brokers.some(isRunning) && performance.now() < endMs) await wait(20);
    expect(brokers.filter(isRunning)).toEqual([]);
    expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true]);

    const { command: again } = run(['--port', String(ports[0]), '--dir', directory]);
    await again.ready();
    // A leader that has started anew says so once its followers have fetched.
    const values = async () => {
      const { leaderId } = await partitionOf(await dialed(ports[0]), 'orders');
      return leaderId < 1 ? [] : consume(await dialed(ports[leaderId - 1]), 'orders', 0);
    };
    await expect.poll(values, POLLED).toEqual(['kept']);
    again.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  test('are refused where they cannot be: with nothing on the disk, and on the records of one', async () => {
    const memory = run(['--memory', '--port', '0']).command;
    expect(await memory.ended).toBe(2);
    expect(memory.stderr).toContain('take --memory away');
    const directory = mkdtempSync(join(tmpdir(), 'ottla-processes-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const alone = new Command(['start', '--port', '0', '--host', '127.0.0.1', '--dir', directory]);
    await alone.ready();
    alone.kill('SIGTERM');
    await alone.ended;
    const { command } = run(['--port', '0', '--dir', directory]);
    expect(await command.ended).toBe(1);
    expect(command.stderr).toContain('has the records of a broker that is one process');
  });

  test('do not start where one of them cannot, and say why', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ottla-processes-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const first = await freePort(BROKERS + 1);
    const taken = createServer().listen(first + 1, '127.0.0.1');
    await once(taken, 'listening');
    const { command } = run(['--port', String(first), '--dir', directory]);
    expect(await command.ended).toBe(1);
    expect(command.stderr).toContain(String(first + 1));
    expect(await isFree(first)).toBe(true);
    await new Promise((done) => void taken.close(done));
  });
});
