/** One seeded run of clients on a faulty broker, and what its history says: the same seed is the same run. */
import { seededRandom } from '../../src/platform/random.ts';
import { Copier, Fatal, feed, INPUT, OUTPUT, OUTPUT_PARTITIONS, Reader } from './clients.ts';
import { FaultyBroker, NO_FAULTS, type Faults } from './faulty-broker.ts';
import { History } from './history.ts';

export interface Run {
  readonly seed: number;
  /** Of the transactions (KIP-890). */
  readonly version: 1 | 2;
  readonly faults: Faults;
  /** Values of the input. */
  readonly count: number;
}

export interface Result {
  readonly violations: readonly string[];
  readonly crashes: number;
  readonly steps: number;
  /** Instances of the copier, the first and those that replaced others. */
  readonly instances: number;
}

/** Far more requests than any run needs: one that needs more hangs. */
const MAX_STEPS = 5000;

export async function simulate({ seed, version, faults, count }: Run): Promise<Result> {
  const chance = seededRandom(seed);
  const random = () => chance.float();
  const history = new History();
  const broker = new FaultyBroker(seed);
  await broker.start();
  await broker.parts.controller.ensureInternalTopic('__consumer_offsets');
  await broker.parts.controller.ensureInternalTopic('__transaction_state');
  await broker.parts.controller.createTopics([newTopic(INPUT, 1), newTopic(OUTPUT, OUTPUT_PARTITIONS)], {
    validateOnly: false,
  });
  broker.faults = faults;

  const state = { isFed: false, isCopied: false, isStuck: false, instances: 0, failure: null as unknown };
  const isFed = () => state.isFed;
  const copier = (transactions: number) => {
    const name = `i${state.instances++}`;
    return new Copier(broker, history, random, name, { version, transactionalId: 'copier', transactions, isFed }).run();
  };
  const guarded = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => {
      if (!(error instanceof Fatal)) state.failure ??= error;
    });
  const fed = feed(broker, history, count, random).then(
    () => void (state.isFed = true),
    (error: unknown) => {
      history.complain(`the idempotent producer cannot go on: ${String(error)}`);
      state.isStuck = true;
    },
  );
  const copyAll = async () => {
    while (!state.isCopied) state.isCopied = await copier(Infinity).catch(unlessFatal);
  };
  const readers = Array.from({ length: OUTPUT_PARTITIONS }, (_, index) => new Reader(broker, history, OUTPUT, index));
  const watch = async (reader: Reader) => {
    while (!state.isCopied) await reader.poll();
  };
  guarded(fed);
  guarded(copyAll());
  for (const reader of readers) guarded(watch(reader));

  let steps = 0;
  for (; !state.isCopied && !state.isStuck && steps < MAX_STEPS && state.failure === null; steps++) {
    // Another instance of the same id turns up: the one that is at work becomes a zombie.
    if (random() < 0.004) guarded(copier(2));
    await broker.step();
  }
  if (state.failure !== null) throw state.failure;
  if (steps === MAX_STEPS) history.complain(`hangs: after ${steps} requests the input is not copied`);
  const violations = await finish(broker, history);
  return { violations, crashes: broker.crashes, steps, instances: state.instances };
}

/** All is quiet, what was delayed arrives, and open transactions run out of time: what do readers find? */
async function finish(broker: FaultyBroker, history: History): Promise<string[]> {
  broker.faults = NO_FAULTS;
  await broker.drain();
  await broker.advance(70_000);
  const input = await readAll(broker, history, INPUT, 0);
  const output = [];
  for (let index = 0; index < OUTPUT_PARTITIONS; index++) output.push(await readAll(broker, history, OUTPUT, index));
  await broker.stop();
  return history.violations(input, output);
}

async function readAll(broker: FaultyBroker, history: History, topic: string, partition: number): Promise<string[]> {
  const reader = new Reader(broker, history, topic, partition);
  for (let isMore = true; isMore;) {
    const polled = reader.poll();
    while (await broker.step());
    isMore = await polled;
  }
  if (reader.lastStableOffset !== reader.highWatermark) {
    history.complain(
      `hangs: ${topic}-${partition} is stable up to ${reader.lastStableOffset} of ${reader.highWatermark}`,
    );
  }
  return reader.values;
}

function newTopic(name: string, numPartitions: number) {
  return { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
}

function unlessFatal(error: unknown): false {
  if (error instanceof Fatal) return false;
  throw error;
}
