/** What of a view is sent, to readers fast and slow. */
import { expect, test } from 'vitest';
import { ViewStream } from '../../src/page/stream.ts';

const MOST_BYTES = 64 << 10;

/** The name and the data of one frame. */
function read(frame: Uint8Array): { readonly name: string; readonly data: string } {
  const [, name, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(Buffer.from(frame).toString())!;
  return { name, data };
}

test('a large view comes in frames of at most 64 KB, cut between characters, and is looked at once for all of them', async () => {
  const rows = Array.from({ length: 8000 }, (_, index) => `ü€😀 ${'x'.repeat(index % 40)}`);
  let looks = 0;
  let ends = 0;
  const stream = new ViewStream({ look: () => ({ rows, looks: ++looks }), ended: () => void ends++ });
  const reader = stream.body.getReader();
  const names: string[] = [];
  let json = '';
  while (names.at(-1) !== 'whole') {
    const { value } = await reader.read();
    expect(value!.length).toBeLessThanOrEqual(MOST_BYTES);
    const { name, data } = read(value!);
    names.push(name);
    json += data;
  }
  expect(names.length).toBeGreaterThan(2);
  expect(new Set(names.slice(0, -1))).toEqual(new Set(['part']));
  expect(JSON.parse(json)).toEqual({ rows, looks: 1 });
  const { value } = await reader.read();
  expect(read(value!)).toEqual({ name: 'changed', data: '{"looks":2}' });
  await reader.cancel();
  expect(ends).toBe(1);
});

test('whoever reads slowly gets the latest, and is told how many looks were left out', async () => {
  let looks = 0;
  const stream = new ViewStream({ look: () => ({ looks: ++looks }), ended: () => {} });
  const reader = stream.body.getReader();
  const beganMs = performance.now();
  await expect.poll(() => performance.now() - beganMs).toBeGreaterThan(900); // three frames would have gone out
  expect(looks).toBe(1);
  expect(read((await reader.read()).value!).data).toBe('{"looks":1}');
  const { name, data } = read((await reader.read()).value!);
  const { looks: seen, leftOut } = JSON.parse(data) as { looks: number; leftOut: number };
  expect({ name, seen }).toEqual({ name: 'changed', seen: 2 });
  expect(leftOut).toBeGreaterThanOrEqual(1);
  await reader.cancel();
});

test('a look in pieces leaves others their turns, is sent once it is whole, and not to a reader who has gone', async () => {
  let turns = 0;
  let isOver = false;
  const loop = (): void => {
    turns++;
    if (!isOver) setImmediate(loop);
  };
  setImmediate(loop);
  let looks = 0;
  function* look(): Generator<void, { readonly rows: number; readonly looks: number }, void> {
    looks++;
    for (let rows = 0; rows < 20; rows++) {
      const untilMs = performance.now() + 5; // a slice
      while (performance.now() < untilMs);
      yield;
    }
    return { rows: 20, looks };
  }
  let ends = 0;
  const stream = new ViewStream({ look, ended: () => void ends++ });
  const reader = stream.body.getReader();
  expect(read((await reader.read()).value!)).toEqual({ name: 'whole', data: '{"rows":20,"looks":1}' });
  expect(turns).toBeGreaterThanOrEqual(20);
  await expect.poll(() => looks, { timeout: 5000 }).toBe(2);
  await reader.cancel(); // while it is looked at again
  const turnsThen = turns;
  await expect.poll(() => turns, { timeout: 5000 }).toBeGreaterThan(turnsThen + 100);
  isOver = true;
  expect({ looks, ends }).toEqual({ looks: 2, ends: 1 });
});
