import { describe, expect, test, vi } from 'vitest';
import { LeaseKeeper } from '../../src/etcd/lease-keeper.ts';
import type { EtcdClient } from '../../src/etcd/client.ts';
import { ControllerSimulation, faultsOf, type Controller, type SimulationOptions } from './simulation.ts';

const FIRST_MS = 2000;
const TAKEOVER_MS = 1500;

async function elected(
  options?: SimulationOptions,
): Promise<{ story: ControllerSimulation; active: Controller; epoch: number }> {
  const story = new ControllerSimulation(1, options);
  expect(await story.untilElected(0, FIRST_MS)).toBeLessThan(FIRST_MS);
  await story.clock.advance(1000);
  const active = story.active()!;
  return { story, active, epoch: active.election.term!.epoch };
}

/** etcd's leader moves at these times from now on. */
function moveLeaderAt({ clock, etcd }: ControllerSimulation, ...timesMs: number[]): void {
  for (const timeMs of timesMs) clock.after(timeMs, () => etcd.moveLeader());
}

describe('the active controller', () => {
  test('is one of them', async () => {
    const { story } = await elected();
    const states = story.controllers.map((each) => each!.election.state).sort();
    expect(states).toEqual(['active', 'standby', 'standby']);
    expect(faultsOf(story)).toEqual([]);
  });

  test('that is killed is replaced, long before its lease ends', async () => {
    const { story, active, epoch } = await elected();
    story.kill(active.claim.nodeId);
    expect(await story.untilElected(epoch, TAKEOVER_MS)).toBeLessThan(TAKEOVER_MS);
  });

  test('that is killed and started at once is replaced too', async () => {
    const { story, active, epoch } = await elected();
    story.kill(active.claim.nodeId);
    story.start(active.claim.nodeId);
    expect(await story.untilElected(epoch, TAKEOVER_MS)).toBeLessThan(TAKEOVER_MS);
  });

  test('goes on though another process is started under its node.id', async () => {
    const { story, active, epoch } = await elected({ probe: () => Promise.resolve('there') });
    story.start(active.claim.nodeId, 'elsewhere');
    await story.clock.advance(5000);
    expect([active.election.state, active.election.term?.epoch]).toEqual(['active', epoch]);
  });

  test('that is gone is replaced by one of its node.id on another machine', async () => {
    const { story, active, epoch } = await elected();
    for (const nodeId of [0, 1, 2]) story.kill(nodeId);
    story.start(active.claim.nodeId, 'elsewhere');
    expect(await story.untilElected(epoch, TAKEOVER_MS)).toBeLessThan(TAKEOVER_MS);
  });

  test("that is killed while etcd's leader moves three times is replaced, though each move gives its lease the whole time", async () => {
    const { story, active, epoch } = await elected();
    story.kill(active.claim.nodeId);
    moveLeaderAt(story, 500, 3000, 5500);
    expect(await story.untilElected(epoch, 4000)).toBeLessThan(TAKEOVER_MS);
  });

  test('whose lease only its time to live ends blocks the election for longer than nine seconds then', async () => {
    const { story, active, epoch } = await elected({ probe: () => Promise.resolve('there') });
    story.kill(active.claim.nodeId);
    moveLeaderAt(story, 500, 3000, 5500);
    const tookMs = await story.untilElected(epoch, 20_000);
    expect(tookMs).toBeGreaterThan(9000);
    expect(tookMs).toBeLessThan(12_000);
  });

  test('that stops in order is replaced at once', async () => {
    const { story, active, epoch } = await elected();
    void active.election.stop();
    expect(await story.untilElected(epoch, 500)).toBeLessThan(500);
    expect(active.election.state).toBe('stopped');
  });

  test('that is stopped for ten seconds finds another one, and appends nothing', async () => {
    const { story, active, epoch } = await elected();
    active.process.stop();
    expect(await story.untilElected(epoch, 6000)).toBeLessThan(6000);
    await story.clock.advance(4000);
    active.process.resume();
    await story.clock.advance(3000);
    expect(active.election.state).toBe('standby');
    expect(faultsOf(story)).toEqual([]);
  });

  test('that is cut off from etcd for a moment pauses, and goes on under the same epoch', async () => {
    const { story, active, epoch } = await elected();
    story.etcd.cut(`node-${active.claim.nodeId}`);
    await story.clock.advance(2200);
    expect(active.election.state).toBe('paused');
    story.etcd.heal(`node-${active.claim.nodeId}`);
    await story.clock.advance(2500);
    expect([active.election.state, active.election.term?.epoch]).toEqual(['active', epoch]);
    expect(faultsOf(story)).toEqual([]);
  });

  test('that stays cut off is replaced, and steps down when it finds out', async () => {
    const { story, active, epoch } = await elected();
    story.etcd.cut(`node-${active.claim.nodeId}`);
    expect(await story.untilElected(epoch, 6000)).toBeLessThan(6000);
    story.etcd.heal(`node-${active.claim.nodeId}`);
    await story.clock.advance(3000);
    expect(active.election.state).toBe('standby');
    expect(faultsOf(story)).toEqual([]);
  });

  test('outlives an etcd that is away for half a minute', async () => {
    const { story, active, epoch } = await elected();
    for (const member of [0, 1, 2]) story.etcd.kill(member);
    await story.clock.advance(30_000);
    expect(active.election.state).toBe('paused');
    for (const member of [0, 1, 2]) story.etcd.start(member);
    await story.clock.advance(5000);
    expect([active.election.state, active.election.term?.epoch]).toEqual(['active', epoch]);
    expect(faultsOf(story)).toEqual([]);
  });

  test('that is stopped while it campaigns claims nothing', async () => {
    const story = new ControllerSimulation(1);
    await story.clock.advance(2); // each has asked who holds the key
    const stopped = Promise.all(story.controllers.map((each) => each!.election.stop()));
    await story.clock.advance(5000);
    await stopped;
    expect(story.controllers.map((each) => each!.election.state)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(story.isClaimed()).toBe(false);
  });

  test('that steps down leaves no lease behind', async () => {
    const { story, active, epoch } = await elected();
    active.election.lost(active.election.term!);
    expect(await story.untilElected(epoch, TAKEOVER_MS)).toBeLessThan(TAKEOVER_MS);
  });

  test('that steps down and keeps its lease alive blocks every election', async () => {
    const stop = vi.spyOn(LeaseKeeper.prototype, 'stop').mockImplementation(() => {});
    try {
      const electionClient = (client: EtcdClient): EtcdClient => {
        client.leaseRevoke = () => Promise.resolve();
        return client;
      };
      const { story, active, epoch } = await elected({ electionClient });
      active.election.lost(active.election.term!);
      expect(await story.untilElected(epoch, 20_000)).toBe(Infinity);
    } finally {
      stop.mockRestore();
    }
  });
});
