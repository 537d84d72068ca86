/** Fetches that wait: thousands for one record, or each for thousands of partitions. */
import { setTimeout as wait } from 'node:timers/promises';
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import type { Client } from '../../../protocol/client.ts';
import { createTopic, produce } from '../../running-broker.ts';
import type { Input, Target } from '../input.ts';

const WAITING = 3_000;
const WIDE = 60;
/** Their request is not a large one. */
const PARTITIONS = 1_900;
const RECORDS = 200;
const MAX_WAIT_MS = 20_000;
const UNTIL_THEY_WAIT_MS = 500;
const NEVER_ENOUGH = 0x7fff_ffff;

function fetch(client: Client, topic: string, partitions: number, minBytes: number): Promise<unknown> {
  const asked = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    fetchOffset: 0,
    partitionMaxBytes: 1000,
  }));
  return client.send(Fetch, 12, { maxWaitMs: MAX_WAIT_MS, minBytes, topics: [{ topic, partitions: asked }] });
}

async function clientsOf(target: Target, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let at = 0; at < count; at++) clients.push(await target.connect());
  return clients;
}

/** One record is told to all of them. */
async function tellAll(target: Target): Promise<void> {
  const topic = `told-${Date.now()}`;
  const clients = await clientsOf(target, WAITING);
  await createTopic(clients[0], topic);
  const answers = clients.map((client) => fetch(client, topic, 1, 1));
  await wait(UNTIL_THEY_WAIT_MS);
  await produce(await target.connect(), topic, 0, ['for all']);
  await Promise.all(answers);
}

/** Each record could be enough for each of them, and none is. */
async function wakeWide(target: Target): Promise<void> {
  const clients = await clientsOf(target, WIDE);
  const answers = clients.map((client) => fetch(client, 'wide', PARTITIONS, NEVER_ENOUGH).catch(() => {}));
  await wait(UNTIL_THEY_WAIT_MS);
  const producer = await target.connect();
  for (let at = 0; at < RECORDS; at++) await produce(producer, 'wide', at, ['one more']);
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(answers);
}

export const manyWaits: readonly Input[] = [
  {
    name: 'many-waits',
    what: `${WAITING} fetches wait for one record`,
    run: tellAll,
  },
  {
    name: 'wide-waits',
    what: `${WIDE} fetches of ${PARTITIONS} partitions wait for what never is enough, and ${RECORDS} records come`,
    prepare: async (target) => void (await createTopic(await target.connect(), 'wide', PARTITIONS)),
    limits: { stopMs: 5_000 },
    run: wakeWide,
  },
];
