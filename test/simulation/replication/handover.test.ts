/** How long a producer with acks=all waits while leaders are handed over in order: in virtual time, so that only what waits counts. */
import { expect, test } from 'vitest';
import { HOSTS, type Host } from '../cluster/simulated-cluster.ts';
import { Stage } from './stage.ts';

const PACE_MS = 5;
const MOST_MS = 100;

/** Produces value after value to whoever leads, and notes when each was acknowledged. */
class SteadyProducer {
  readonly #stage: Stage;
  #acknowledgedMs: number;
  longestGapMs = 0;
  acknowledged = 0;
  #isOver = false;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#acknowledgedMs = stage.cluster.nowMs;
    void this.#produceOn();
  }

  end(): void {
    this.#isOver = true;
  }

  async #produceOn(): Promise<void> {
    const { client, cluster } = this.#stage;
    while (!this.#isOver) {
      const leader = HOSTS.find((host) => this.#stage.leads(host));
      const isAcknowledged = leader !== undefined && (await this.#stage.produce(leader));
      if (isAcknowledged) this.#count(cluster.nowMs);
      await client.brokers.pause(PACE_MS);
    }
  }

  #count(nowMs: number): void {
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#acknowledgedMs);
    this.#acknowledgedMs = nowMs;
    this.acknowledged++;
  }
}

async function restart(stage: Stage, host: Host): Promise<void> {
  await stage.cluster.settled(`${host} has stopped`, stage.cluster.stop(host));
  stage.cluster.start(host);
  await stage.until(`${host} serves`, () => stage.serves(host) && HOSTS.every((each) => stage.isInSync(each)));
}

test.each([1, 2, 3])('a rolling restart, and the preferred election after it (seed %d)', async (seed) => {
  const stage = await Stage.open(seed, {});
  const producer = new SteadyProducer(stage);
  await stage.advance(500);
  for (const host of HOSTS) await restart(stage, host);
  await stage.until('a controller is active', () => stage.cluster.active() !== null);
  await stage.electPreferred();
  await stage.until('the first host leads again', () => stage.leads('a'));
  await stage.advance(500);
  producer.end();
  expect(producer.longestGapMs).toBeLessThan(MOST_MS);
  expect(producer.acknowledged).toBeGreaterThan(100);
  expect(await stage.close()).toEqual([]);
});

test('a leader whose answers reach no follower gets no acknowledgement, until it is stopped and another one leads', async () => {
  const stage = await Stage.open(1, {});
  await stage.acknowledge('a', 3);
  for (const follower of ['b', 'c'] as const) stage.cut('a', follower);
  expect(await stage.cluster.settled('it is answered', stage.produce('a'))).toBe(false);
  await stage.untilInSync('a');
  expect(await stage.cluster.settled('it is answered', stage.produce('a'))).toBe(false);
  expect(stage.leads('a')).toBe(true);
  await stage.cluster.settled('it has stopped', stage.cluster.stop('a'));
  await stage.until('another one leads', () => stage.leads('b') || stage.leads('c'));
  await stage.acknowledge(stage.leads('b') ? 'b' : 'c', 3);
  expect(await stage.close()).toEqual([]);
});
