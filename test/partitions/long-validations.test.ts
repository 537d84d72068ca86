import { expect, test } from 'vitest';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { LongValidations } from '../../src/partitions/long-validations.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { LoopTurn } from '../../src/platform/loop-turn.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { silentLogger } from '../../src/platform/logger.ts';

/** More than V8 takes the first of in constant time. */
const MANY = 150_000;

function validations(): LongValidations {
  const lane = new LoopTurn(systemClock).lane();
  return new LongValidations({ clock: systemClock, logger: silentLogger, lane });
}

test('requests take turns, a batch at a time, and the batches of each keep their order', async () => {
  const all = validations();
  const rules = { config: defaultLogConfig, nowMs: 0, apiVersion: 9 };
  const done: string[] = [];
  const requests = ['hostile', 'other', 'third'].map((name) => ({ name, request: { isCancelled: false } }));
  const validate = async (name: string, i: number, request: { isCancelled: boolean }, bytes: Buffer): Promise<void> => {
    await all.validate(bytes, rules, request);
    done.push(`${name} ${i}`);
  };
  const [hostile, other, third] = requests;
  const long = longBatch();
  await Promise.all([
    ...Array.from({ length: 5 }, (_, i) => validate('hostile', i, hostile.request, long)),
    ...Array.from({ length: 2 }, (_, i) => validate('other', i, other.request, Buffer.alloc(0))),
    validate('third', 0, third.request, Buffer.alloc(0)),
  ]);
  expect(done).toEqual([
    'hostile 0',
    'other 0',
    'third 0',
    'hostile 1',
    'other 1',
    'hostile 2',
    'hostile 3',
    'hostile 4',
  ]);
});

/** Its records come to 8 MiB: looked at in pieces. */
function longBatch(): Buffer {
  const records = [{ key: null, value: Buffer.alloc(8 << 20), timestamp: 1 }];
  return encodeBatch({ records, compression: 'zstd' });
}

test('many batches of one request are validated in the order of their calls, each at the same cost', async () => {
  const all = validations();
  const rules = { config: defaultLogConfig, nowMs: 0, apiVersion: 9 };
  const request = { isCancelled: false };
  const begun = process.cpuUsage();
  const done: number[] = [];
  const validate = async (i: number): Promise<void> => {
    await all.validate(Buffer.alloc(0), rules, request);
    done.push(i);
  };
  await Promise.all(Array.from({ length: MANY }, (_, i) => validate(i)));
  const { user, system } = process.cpuUsage(begun);
  expect(done).toEqual(Array.from({ length: MANY }, (_, i) => i));
  expect((user + system) / 1000 / MANY).toBeLessThan(0.1); // milliseconds each; to take the first of so long a list costs more than that
});
