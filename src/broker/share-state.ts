/** The state of share partitions as this broker reaches it: at the share coordinator that keeps it, here or at a peer. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import type { ShareState, StatePartitionId } from '../share/share-state.ts';
import type { Peers } from './peers.ts';

type Own = Pick<BrokerParts, 'nodeId' | 'metadata' | 'share'>;
type Call<P, R> = (state: ShareState, partitions: readonly P[]) => Answer<readonly R[]>;

const STATE_TOPIC = '__share_group_state';

/** Share groups are loaded when somebody first asks for the state of their partitions. */
export function shareStateOf(own: Own, peers: Peers): ShareState {
  return {
    initialize: (groupId, asked) => routed(own, peers, groupId, asked, (to, some) => to.initialize(groupId, some)),
    read: (groupId, asked) => routed(own, peers, groupId, asked, (to, some) => to.read(groupId, some)),
    write: (groupId, asked) => routed(own, peers, groupId, asked, (to, some) => to.write(groupId, some)),
    delete: (groupId, asked) => routed(own, peers, groupId, asked, (to, some) => to.delete(groupId, some)),
    readSummary: (groupId, asked) => routed(own, peers, groupId, asked, (to, some) => to.readSummary(groupId, some)),
  };
}

/** Each partition's share is asked of the broker that leads its partition of __share_group_state. */
function routed<P extends StatePartitionId, R>(
  own: Own,
  peers: Peers,
  groupId: string,
  partitions: readonly P[],
  call: Call<P, R>,
): Answer<readonly R[]> {
  return andThen(own.share.use(), ({ state }) => {
    const led = own.metadata.image.topicsByName.get(STATE_TOPIC)?.partitions;
    if (led === undefined || own.metadata.image.brokers.size < 2) return call(state, partitions);
    const places = new Map<number, number[]>();
    for (const [place, partition] of partitions.entries()) {
      const leader = led[state.partitionFor(groupId, partition)]?.leader ?? own.nodeId;
      const others = places.get(leader);
      if (others === undefined) places.set(leader, [place]);
      else others.push(place);
    }
    const answers = Array.from(places, ([leader, some]) => {
      const there = leader === own.nodeId ? undefined : peers(leader);
      const asked = some.map((place) => partitions[place]);
      return andThen(there?.shareState ?? state, (reached) => call(reached, asked));
    });
    return andThen(allOf(answers), (all) => {
      const results: R[] = [];
      for (const [i, some] of [...places.values()].entries()) {
        for (const [j, place] of some.entries()) results[place] = all[i][j];
      }
      return results;
    });
  });
}
