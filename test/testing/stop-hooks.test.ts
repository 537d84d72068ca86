import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';
import { StopHooks } from '../../src/testing/stop-hooks.ts';

test('a stop that waits for what it was given says where that was, once', async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const hooks = new StopHooks(clock, (text) => told.push(text));
  let goOn = (): void => {};
  hooks.add(() => goOn(), { frames: '', at: 'app.test.ts:3' });
  hooks.add(() => new Promise<void>((resolve) => (goOn = resolve)), { frames: '', at: 'app.test.ts:7' });
  const ended = hooks.run();
  await clock.advance(2999);
  expect(told).toEqual([]);
  await clock.advance(60_000);
  expect(told).toEqual([
    'kafka.stop() waits for what onStop was given at app.test.ts:7; what is given last runs first\n',
  ]);
  goOn();
  expect([await ended, clock.waiting, told.length]).toEqual([[], 0, 1]);
});
