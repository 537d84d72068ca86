/** Starts and stops brokers in a row, as many as the argument says (1,000), uses each, and says what that took and left. */
import { startBroker } from '../../src/testing/index.ts';

export interface Starts {
  /** Milliseconds until a broker was ready, in rising order. */
  readonly readyMs: number[];
  /** Handles of the process that were not there before. */
  readonly handlesLeft: number;
}

export async function startAndStop(count: number): Promise<Starts> {
  const before = process.getActiveResourcesInfo().length;
  const readyMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const kafka = await startBroker({ topics: ['orders'], leftovers: 'throw' });
    readyMs.push(performance.now() - began);
    await kafka.produce('orders', `message ${i}`);
    const [{ value }] = await kafka.waitForMessages('orders');
    if (value !== `message ${i}`) throw new Error(`broker ${i} answered ${String(value)}`);
    await kafka.stop();
  }
  return { readyMs: readyMs.sort((a, b) => a - b), handlesLeft: process.getActiveResourcesInfo().length - before };
}

if (import.meta.filename === process.argv[1]) {
  const count = Number(process.argv[2] ?? 1000);
  const { readyMs, handlesLeft } = await startAndStop(count);
  const at = (share: number) => readyMs[Math.floor((count - 1) * share)].toFixed(1);
  process.stdout.write(
    `${count} brokers started and stopped, no failure; ready after ${at(0.5)} ms (median), ${at(0.99)} ms (99 %); ` +
      `${handlesLeft} handles left\n`,
  );
}
