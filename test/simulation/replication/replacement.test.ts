/** A machine is replaced by one with the same node.id and nothing on its disk. */
import { expect, test } from 'vitest';
import { CrashDisk } from '../../crash/crash-disk.ts';
import { HOSTS, type Host } from '../cluster/simulated-cluster.ts';
import { Stage } from './stage.ts';

const REPLACED: Host = 'a';

/** Answers who leads then. */
async function end(stage: Stage, how: () => void | Promise<void>): Promise<Host> {
  const { nodeId } = stage.cluster.get(REPLACED);
  await stage.acknowledge(REPLACED, 5);
  await stage.cluster.settled('the old one has ended', Promise.resolve(how()));
  await stage.until('another one leads', () => stage.image.leader > 0 && stage.image.leader !== nodeId);
  return HOSTS[stage.image.leader - 1];
}

function replace(stage: Stage): void {
  const machine = stage.cluster.get(REPLACED);
  machine.disk = new CrashDisk();
  machine.disk.makeDirectory('/data');
  machine.disk.settle();
  stage.cluster.start(REPLACED);
}

test.each([
  ['stopped in order', (stage: Stage) => stage.cluster.stop(REPLACED)],
  ['killed', (stage: Stage) => stage.cluster.kill(REPLACED)],
])('copies all from the leaders, after the old one was %s', async (_how, ends) => {
  const stage = await Stage.open(1, {});
  await end(stage, () => ends(stage));
  replace(stage);
  await stage.untilInSync('a', 'b', 'c');
  expect(await stage.close()).toEqual([]);
  expect(stage.at(REPLACED).endOffset).toBe(5);
});

test('copies all as soon as a leader is there, though nobody leads when it starts', async () => {
  const stage = await Stage.open(1, {});
  const last = await end(stage, () => stage.cluster.stop(REPLACED));
  const other = last === 'b' ? 'c' : 'b';
  stage.cluster.kill(other);
  await stage.untilInSync(last);
  await stage.cluster.settled('the last one has stopped', stage.cluster.stop(last));
  stage.cluster.start(other);
  await stage.until('nobody leads', () => stage.serves(other) && stage.image.leader === -1);
  replace(stage);
  await stage.until('the new one serves', () => stage.serves(REPLACED));
  expect(stage.at(REPLACED).isOffline).toBe(true);
  stage.cluster.start(last);
  await stage.untilInSync('a', 'b', 'c');
  expect(await stage.close()).toEqual([]);
  expect(stage.at(REPLACED).endOffset).toBe(5);
});
