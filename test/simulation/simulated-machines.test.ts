import { describe, expect, test } from 'vitest';
import { ConnectionClosed, type Client } from '../../protocol/client.ts';
import { consume, createTopic, produce } from '../running-broker.ts';
import { SimulatedMachines } from './simulated-machines.ts';

async function withTopic(seed = 1): Promise<{ machines: SimulatedMachines; client: Client }> {
  const machines = new SimulatedMachines(seed);
  await machines.start('a');
  const client = await machines.connect('a');
  expect(await machines.until(createTopic(client, 'orders'))).toBe(0);
  return { machines, client };
}

describe('a broker on a simulated machine', () => {
  test('is a whole one: topics, records, in virtual time', async () => {
    const { machines, client } = await withTopic();
    for (const value of ['a', 'b']) await machines.until(produce(client, 'orders', 0, [value]));
    expect(await machines.until(consume(client, 'orders', 0))).toEqual(['a', 'b']);
  });

  test('that is killed closes its connections and refuses new ones; started again it has what it acknowledged', async () => {
    const { machines, client } = await withTopic();
    await machines.until(produce(client, 'orders', 0, ['kept']));
    const disk = machines.kill('a');
    await expect(machines.until(produce(client, 'orders', 0, ['lost']))).rejects.toThrow(ConnectionClosed);
    await expect(machines.connect('a')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await machines.start('a', disk);
    expect(await machines.until(consume(await machines.connect('a'), 'orders', 0))).toEqual(['kept']);
  });

  test('that is stopped answers nothing, and closes nothing, until it goes on', async () => {
    const { machines, client } = await withTopic();
    machines.setStopped('a', true);
    await expect(machines.connect('a')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const answer = produce(client, 'orders', 0, ['late']);
    await machines.clock.advance(10_000);
    expect(client.isClosed).toBe(false);
    machines.setStopped('a', false);
    expect(await machines.until(answer)).toBe(0);
  });

  test('whose answers are cut off has done what it was asked, and tells so when the way is free', async () => {
    const { machines, client } = await withTopic();
    machines.network.cut('a', 'client');
    const answer = produce(client, 'orders', 0, ['done']);
    await machines.clock.advance(5000);
    expect(machines.get('a').broker.parts.partitions.get('orders', 0)!.endOffset).toBe(1);
    machines.network.heal('a', 'client');
    expect(await machines.until(answer)).toBe(0);
  });

  test('whose requests are cut off has done nothing', async () => {
    const { machines, client } = await withTopic();
    machines.network.cut('client', 'a');
    const answer = produce(client, 'orders', 0, ['later']);
    await machines.clock.advance(5000);
    expect(machines.get('a').broker.parts.partitions.get('orders', 0)!.endOffset).toBe(0);
    machines.network.heal('client', 'a');
    expect(await machines.until(answer)).toBe(0);
  });
});

describe('a story of machines', () => {
  /** When each answer came, and what stood on the disk in the end. */
  async function tell(seed: number): Promise<unknown> {
    const { machines, client } = await withTopic(seed);
    const answeredMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      await machines.until(produce(client, 'orders', 0, [`value ${i}`]));
      answeredMs.push(machines.clock.monotonic());
    }
    const { disk } = machines.get('a');
    return { answeredMs, files: [...disk.files()].map(({ path, bytes }) => [path, bytes.toString('base64')]) };
  }

  test('is the same for the same seed, to the byte', async () => {
    expect(await tell(7)).toEqual(await tell(7));
  });

  test('is another one for another seed', async () => {
    expect(await tell(7)).not.toEqual(await tell(8));
  });
});
