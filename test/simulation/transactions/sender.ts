/** Clients of a simulated cluster, at their pace: each asks the broker that it is for, as real ones do. */
import { RoutedSender } from '../../transactions/routed-sender.ts';
import { ClientConnections } from '../cluster/client-connections.ts';
import { HOSTS, type SimulatedCluster } from '../cluster/simulated-cluster.ts';

export const TIMES = { connectMs: 500, requestMs: 1500 };
const AFTER_ERROR_MS = 100;

interface Pace {
  /** On the average, between two requests. */
  readonly paceMs: number;
  readonly times?: typeof TIMES;
  /** The story is told: nothing is sent any more. */
  readonly isOver?: () => boolean;
}

/** A client of the cluster. */
export function senderOf(
  cluster: SimulatedCluster,
  { paceMs, times = TIMES, isOver = () => false }: Pace,
): RoutedSender {
  const { clock, random } = cluster;
  const connections = new ClientConnections(cluster, times);
  return new RoutedSender({
    any: () => 1 + Math.floor(random.float() * HOSTS.length),
    send: (nodeId, api, version, draft) => connections.send(HOSTS[nodeId - 1], api, version, draft),
    pause: (afterError) =>
      isOver()
        ? new Promise(() => {})
        : new Promise((resolve) => {
            const mostMs = afterError ? AFTER_ERROR_MS : 2 * paceMs;
            clock.after(random.float() * mostMs, resolve);
          }),
  });
}
