/** A minute of trouble, made from a seed; then all is healed, and a controller has to be there. */
import { ControllerSimulation, faultsOf, type SimulationOptions } from './simulation.ts';

const TROUBLE_MS = 60_000;
const HEALED_MS = 10_000;
const FAULTS = { lostResponses: 0.03, lostRequests: 0.02, lateRequests: 0.02, lostEvents: 0.1 };

export interface Outcome {
  readonly wrong: string[];
  readonly appended: number;
  readonly terms: number;
}

export async function tell(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  const story = new ControllerSimulation(seed, { faults: FAULTS, paceMs: 100, ...options });
  const { random, etcd, clock } = story;
  const below = (most: number): number => Math.floor(random.float() * most);
  const troubles: (() => void)[] = [
    () => story.kill(below(3)),
    () => start(story, below(3)),
    () => restart(story),
    () => story.controllers[below(3)]?.process.stop(),
    () => story.controllers[below(3)]?.process.resume(),
    () => etcd.cut(`node-${below(3)}`),
    () => heal(story),
    () => etcd.moveLeader(),
    () => etcd.moveLeader(),
    () => etcd.kill(below(3)),
    () => etcd.hang(below(3)),
    () => startEtcd(story),
    () => startEtcd(story),
  ];
  while (story.nowMs < TROUBLE_MS) {
    await clock.advance(random.float() * 3000);
    troubles[below(troubles.length)]();
  }
  startEtcd(story);
  heal(story);
  for (const controller of story.controllers) controller?.process.resume();
  for (let node = 0; node < 3; node++) start(story, node);
  const beforeMs = story.nowMs;
  await clock.advance(HEALED_MS);
  const wrong = faultsOf(story);
  const { appends } = story;
  const last = story.active();
  if (last === null) wrong.push(`${HEALED_MS} ms after all is healed there is no active controller`);
  else if (!appends.some(({ outcome, epoch }) => outcome === 'done' && epoch === last.election.term!.epoch)) {
    wrong.push(`the controller that is active ${HEALED_MS} ms after all is healed (at ${beforeMs}) appends nothing`);
  }
  return { wrong, appended: appends.filter(({ outcome }) => outcome === 'done').length, terms: story.elected.length };
}

function start(story: ControllerSimulation, node: number): void {
  if (story.controllers[node] === null) story.start(node);
}

/** At once, as a supervisor does. */
function restart(story: ControllerSimulation): void {
  const node = story.controllers.findIndex((each) => each !== null && each.election.term !== null);
  if (node < 0) return;
  story.kill(node);
  story.start(node);
}

function heal({ etcd }: ControllerSimulation): void {
  for (let node = 0; node < 3; node++) etcd.heal(`node-${node}`);
}

function startEtcd({ etcd }: ControllerSimulation): void {
  for (let member = 0; member < etcd.endpoints.length; member++) etcd.start(member);
}
