/** The conversation with the simulated etcd. */
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { SimulatedEtcd } from '../simulation/etcd/simulated-etcd.ts';
import { converse } from './conversation.ts';

const STEP_MS = 10;

export async function simulatedAnswers(): Promise<string[]> {
  const clock = new VirtualClock();
  const etcd = new SimulatedEtcd({ clock, random: seededRandom(1) });
  const wait = (delayMs: number) => new Promise<void>((resolve) => void clock.after(delayMs, resolve));
  const talk = converse({ channel: etcd.channel(etcd.endpoints[0]), wait });
  const state = { isOver: false };
  const over = (): void => void (state.isOver = true);
  talk.then(over, over);
  while (!state.isOver) {
    await clock.advance(STEP_MS);
    await nextTurn();
  }
  return talk;
}
