import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { BrokerProcess, type BrokerChild } from '../../src/processes/broker-process.ts';

class FakeChild implements BrokerChild {
  readonly startedMs: number;
  ready: (bootstrap: string) => void = () => {};
  end: (outcome: number | string) => void = () => {};
  readonly signals: string[] = [];

  constructor(startedMs: number) {
    this.startedMs = startedMs;
  }

  onReady(run: (bootstrap: string) => void): void {
    this.ready = run;
  }

  onEnd(run: (outcome: number | string) => void): void {
    this.end = run;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(signal);
  }
}

function supervised() {
  const clock = new VirtualClock();
  const children: FakeChild[] = [];
  const start = (): FakeChild => {
    const child = new FakeChild(clock.monotonic());
    children.push(child);
    return child;
  };
  return { clock, children, process: new BrokerProcess({ nodeId: 1, start, clock, logger: silentLogger }) };
}

test('is ready when its broker is', async () => {
  const { children, process } = supervised();
  children[0].ready('127.0.0.1:9092');
  expect(await process.ready).toBe('127.0.0.1:9092');
});

test('that ends before it is ready has failed, and is not started again', async () => {
  const { clock, children, process } = supervised();
  children[0].end(1);
  await expect(process.ready).rejects.toThrow('broker 1 has ended with 1');
  await clock.advance(60_000);
  expect(children).toHaveLength(1);
});

test('that ends later is started again: at once after a while, later and later after less', async () => {
  const { clock, children } = supervised();
  children[0].ready('127.0.0.1:9092');
  await clock.advance(20_000);
  children[0].end('SIGKILL');
  await clock.advance(0);
  expect(children).toHaveLength(2);
  const pausesMs: number[] = [];
  while (pausesMs.length < 12) {
    const endedMs = clock.monotonic();
    const count = children.length;
    children.at(-1)!.end(1);
    while (children.length === count) await clock.advance(50);
    pausesMs.push(children.at(-1)!.startedMs - endedMs);
  }
  const doubled = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600];
  expect(pausesMs).toEqual([...doubled, 30_000, 30_000, 30_000]);
});

test('is stopped by a signal, and started no more', async () => {
  const { clock, children, process } = supervised();
  children[0].ready('127.0.0.1:9092');
  let hasEnded = false;
  const stopped = process.stop().then(() => (hasEnded = true));
  await clock.advance(1000);
  expect([children[0].signals, hasEnded]).toEqual([['SIGTERM'], false]);
  children[0].end(0);
  await stopped;
  await clock.advance(60_000);
  expect(children).toHaveLength(1);
});

test('that waits to be started again is stopped at once', async () => {
  const { clock, children, process } = supervised();
  children[0].ready('127.0.0.1:9092');
  children[0].end(1);
  await process.stop();
  await clock.advance(60_000);
  expect(children).toHaveLength(1);
});
