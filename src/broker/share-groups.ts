/** Gives share groups what they need of the broker around them, once they are needed. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { configOf, ResourceType } from '../cluster/image.ts';
import { LazyShareGroups } from '../share/lazy-share-groups.ts';
import type { ShareGroupsOptions } from '../share/share-groups.ts';

const STATE_TOPIC = '__share_group_state';

type Needs = Pick<BrokerParts, 'clock' | 'logger' | 'metadata' | 'channel' | 'partitions'> & {
  readonly config: () => BrokerParts['config'];
};

export function lazyShareGroups(needs: Needs): LazyShareGroups {
  return new LazyShareGroups(async () => {
    const { ShareGroups } = await import('../share/share-groups.ts');
    return new ShareGroups(optionsOf(needs));
  });
}

function optionsOf({ clock, logger, metadata, channel, partitions, config }: Needs): ShareGroupsOptions {
  return {
    partitions,
    groupConfig: (groupId) => configOf(metadata.image, ResourceType.group, groupId),
    stateAnywhere: (own) => own,
    clock,
    logger,
    config,
    partitionOf: (index) => partitions.get(STATE_TOPIC, index),
    partitionCount: () => metadata.image.topicsByName.get(STATE_TOPIC)?.partitions.length,
    ensureTopic: () => channel.ensureInternalTopic(STATE_TOPIC),
    exists: ({ topicId, partition }) => metadata.image.topicsById.get(topicId)?.partitions[partition] !== undefined,
  };
}
