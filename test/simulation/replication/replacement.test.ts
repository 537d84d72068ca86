/** A machine is replaced by one with the same node.id and nothing on its disk. */
import { expect, test } from 'vitest';
import { CrashDisk } from '../../crash/crash-disk.ts';
import type { Host } from '../cluster/simulated-cluster.ts';
import { Stage } from './stage.ts';

const REPLACED: Host = 'a';

async function replace(stage: Stage, end: () => void | Promise<void>): Promise<void> {
  const machine = stage.cluster.get(REPLACED);
  await stage.acknowledge(REPLACED, 5);
  const ended = Promise.resolve(end());
  await stage.cluster.settled('the old one has ended', ended);
  await stage.until('another one leads', () => stage.image.leader > 0 && stage.image.leader !== machine.nodeId);
  machine.disk = new CrashDisk();
  machine.disk.makeDirectory('/data');
  machine.disk.settle();
  stage.cluster.start(REPLACED);
}

test.each([
  ['stopped in order', (stage: Stage) => stage.cluster.stop(REPLACED)],
  ['killed', (stage: Stage) => stage.cluster.kill(REPLACED)],
])('copies all from the leaders, after the old one was %s', async (_how, end) => {
  const stage = await Stage.open(1, {});
  await replace(stage, () => end(stage));
  await stage.untilInSync('a', 'b', 'c');
  expect(await stage.close()).toEqual([]);
  expect(stage.at(REPLACED).endOffset).toBe(5);
});
