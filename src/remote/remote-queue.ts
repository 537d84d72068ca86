/** The queue of a share group in a broker elsewhere. */
import type { InFlightFilter, Queue } from '../testing/queue.ts';
import type { ControlPort } from './control-port.ts';

export function remoteQueue(port: ControlPort, group: string): Queue {
  const path = `/queues/${encodeURIComponent(group)}`;
  const count = (does: string, filter: InFlightFilter): number =>
    port.callNow<{ records: number }>('POST', `${path}/${does}`, filter).records;
  return {
    ...port.get<Omit<Queue, 'expireLocks' | 'release' | 'redrive'>>(path),
    expireLocks: (filter = {}) => count('expire-locks', filter),
    release: (filter = {}) => count('release', filter),
    redrive: async (topic) => (await port.call<{ records: number }>('POST', `${path}/redrive`, { topic })).records,
  };
}
