/** Which partition of an internal topic a group or a transactional id lives on, and who leads it. */
import type { ClusterImage } from '../cluster/image.ts';
import type { BrokerView } from './broker-view.ts';
import { checkKeys } from './known-keys.ts';
import type { TopicPartition } from './group.ts';
import type { Coordinated } from './test-cluster.ts';

/** @throws {TypeError} unless it names a group or a transactional id */
function checkCoordinated(of: Coordinated): void {
  checkKeys('what a coordinator is asked for', of, { group: true, transactionalId: true });
  if (typeof (of.group ?? of.transactionalId) === 'string') return;
  throw new TypeError("name what is coordinated: { group: 'billing' } or { transactionalId: 'tx' }");
}

function placeOf({ parts: { groups, transactions } }: BrokerView, of: Coordinated): TopicPartition {
  return of.group === undefined
    ? { topic: '__transaction_state', partition: transactions.partitionFor(of.transactionalId) }
    : { topic: '__consumer_offsets', partition: groups.partitionFor(of.group) };
}

/** The same once there is such a topic. */
export async function placeOfCoordinator(broker: BrokerView, of: Coordinated): Promise<TopicPartition> {
  checkCoordinated(of);
  const { groups, transactions } = broker.parts;
  await (of.group === undefined ? transactions.ensureTopic() : groups.ensureOffsetsTopic());
  return placeOf(broker, of);
}

/** The node id of its leader; undefined before the topic is there. */
export function coordinatorOf(broker: BrokerView, image: ClusterImage, of: Coordinated): number | undefined {
  checkCoordinated(of);
  const { topic, partition } = placeOf(broker, of);
  return image.topicsByName.get(topic)?.partitions[partition]?.leader;
}
