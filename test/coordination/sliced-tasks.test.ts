import { expect, test } from 'vitest';
import { SlicedTasks } from '../../src/coordination/sliced-tasks.ts';
import { VirtualClock } from '../../src/platform/clock.ts';

/** A clock on which each piece of work takes 3 ms. */
class Setting {
  readonly clock = new VirtualClock();
  readonly done: string[] = [];
  workedMs = 0;
  readonly tasks = new SlicedTasks(
    {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic() + this.workedMs,
      after: (delayMs, run) => this.clock.after(delayMs, run),
    },
    0,
  );

  task(name: string, pieces: number, fails = false) {
    return {
      pieces: this.#work(name, pieces, fails),
      done: () => void this.done.push(name),
      failed: (error: unknown) => void this.done.push(String(error)),
    };
  }

  *#work(name: string, pieces: number, fails: boolean): Generator<void> {
    for (let i = 0; i < pieces; i++) {
      this.workedMs += 3;
      if (fails && i === 1) throw new Error(`${name} fails`);
      yield;
    }
  }
}

test('a small task is done when start returns', () => {
  const setting = new Setting();
  setting.tasks.start(setting.task('small', 2));
  expect(setting.done).toEqual(['small']);
  expect(setting.clock.waiting).toBe(0);
});

test('a large task is done in slices of 10 ms, and one that comes meanwhile behind it', async () => {
  const setting = new Setting();
  setting.tasks.start(setting.task('large', 20));
  expect(setting.workedMs).toBe(12);
  setting.tasks.start(setting.task('next', 1));
  expect(setting.done).toEqual([]);
  await setting.clock.advance(1);
  expect(setting.done).toEqual(['large', 'next']);
});

test('a task that fails ends, and the next one runs', () => {
  const setting = new Setting();
  setting.tasks.start(setting.task('bad', 3, true));
  setting.tasks.start(setting.task('good', 1));
  expect(setting.done).toEqual(['Error: bad fails', 'good']);
});

test('a task that is cancelled goes no further, and a stop leaves no timer', async () => {
  const setting = new Setting();
  const [one, other] = [setting.task('one', 20), setting.task('other', 20)];
  setting.tasks.start(one);
  setting.tasks.start(other);
  setting.tasks.cancel(one);
  await setting.clock.advance(1);
  expect(setting.done).toEqual(['other']);
  setting.tasks.start(setting.task('late', 20));
  setting.tasks.stop();
  expect(setting.clock.waiting).toBe(0);
  await setting.clock.advance(1);
  expect(setting.done).toEqual(['other']);
});
