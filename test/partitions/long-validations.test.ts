import { expect, test } from 'vitest';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { LongValidations } from '../../src/partitions/long-validations.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';

/** More than V8 takes the first of in constant time. */
const MANY = 150_000;

test('many batches of one request are validated in the order of their calls, each at the same cost', async () => {
  const validations = new LongValidations({ clock: systemClock, logger: silentLogger });
  const rules = { config: defaultLogConfig, nowMs: 0, apiVersion: 9 };
  const request = { isCancelled: false };
  const begun = process.cpuUsage();
  const done: number[] = [];
  const validate = async (i: number): Promise<void> => {
    await validations.validate(Buffer.alloc(0), rules, request);
    done.push(i);
  };
  await Promise.all(Array.from({ length: MANY }, (_, i) => validate(i)));
  const { user, system } = process.cpuUsage(begun);
  expect(done).toEqual(Array.from({ length: MANY }, (_, i) => i));
  expect((user + system) / 1000 / MANY).toBeLessThan(0.1); // milliseconds each; to take the first of so long a list costs more than that
});
