/**
 * The same trouble for a share group, made from a seed: its coordinator, the coordinator of its state and the leader of its records are
 * killed, stopped and cut off. Then all is healed, and what its members were told is judged.
 */
import { feed, INPUT } from '../../transactions/clients.ts';
import { History } from '../../transactions/history.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';
import { SimulatedCluster, type ClusterOptions } from '../cluster/simulated-cluster.ts';
import { checkReplicas } from '../replication/replicas-checker.ts';
import { acceptedBefore, prepareGroup, ShareHistory, ShareMember } from './share-members.ts';
import { senderOf } from './sender.ts';
import { heal, makeTopics, SETTINGS, trouble } from './transactions-story.ts';

await import('../../../src/share/share-groups.ts'); // loading takes real time

const VALUES = 40;
/** Between records that are written behind them: the state says how far it has come when the next one is accepted. */
const MORE_MS = 1000;
const PACE_MS = { feed: 600, member: 50 };
const MEMBER_IDS = ['EOxdhpWe4k1rqk_XteAX2w', 'Yzuwlcq0QZum8IWZW66tIA'];
const TROUBLE_MS = 20_000;
/** A record that a member took with it comes back when its lock has run out. */
const LOCK_MS = 15_000;
const ACCEPTED_MS = 90_000;

export interface ShareOutcome {
  /** What must never be, or has not come although all was healed. */
  readonly wrong: readonly string[];
  readonly deliveries: number;
  readonly logged: readonly string[];
}

const SHARE_SETTINGS = {
  ...SETTINGS,
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.num.partitions': '2',
  'share.coordinator.state.topic.min.isr': '2',
  'group.share.record.lock.duration.ms': String(LOCK_MS),
};

export async function tellShareGroup(seed: number, options: ClusterOptions = {}): Promise<ShareOutcome> {
  const cluster = new SimulatedCluster(seed, { ...options, settings: { ...SHARE_SETTINGS, ...options.settings } });
  const { observer, random } = cluster;
  const history = new ShareHistory();
  const told = new History();
  let isOver = false;
  const sender = (paceMs: number) => senderOf(cluster, { paceMs, isOver: () => isOver });
  try {
    await cluster.startAll();
    await cluster.settled('the topics are made', makeTopics(cluster));
    await cluster.settled('the group is prepared', prepareGroup(sender(1)));
    const fed = feed(sender(PACE_MS.feed), told, VALUES, () => random.float());
    for (const memberId of MEMBER_IDS)
      void new ShareMember(sender(PACE_MS.member), history, memberId, () => random.float()).run(() => isOver);
    await trouble(cluster, cluster.nowMs + TROUBLE_MS, 2);
    await heal(cluster);
    await cluster.settled('all is written', fed);
    await cluster.settled('all is accepted', accepted(cluster, sender(PACE_MS.member), told), ACCEPTED_MS);
    for (const wrong of [...history.wrong, ...checkReplicas(cluster, INPUT, 1, [])]) observer.say(wrong);
  } catch (error) {
    observer.say(`${(error as Error).message}; members know of ${history.acceptances} acceptances`);
    for (const wrong of history.wrong) observer.say(wrong);
  } finally {
    isOver = true;
  }
  return { wrong: observer.wrong, deliveries: history.deliveries, logged: cluster.logged };
}

async function accepted({ clock }: SimulatedCluster, sender: RoutedSender, told: History): Promise<void> {
  while ((await acceptedBefore(sender)) < VALUES) {
    await feed(sender, told, 1, () => 0);
    await new Promise<void>((resolve) => void clock.after(MORE_MS, resolve));
  }
}
