/** Gives share groups what they need of the broker around them, once they are needed. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import { OF_BROKER } from '../cluster/controller-channel.ts';
import { resolveLogConfig } from '../config/log-config.ts';
import type { Answer } from '../coordination/answers.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import type { DeadLetterTopic } from '../share/dead-letters.ts';
import { configOf, ResourceType } from '../cluster/image.ts';
import { LazyShareGroups } from '../share/lazy-share-groups.ts';
import type { ShareState } from '../share/share-state.ts';
import type { ShareGroupsOptions } from '../share/share-groups.ts';

const STATE_TOPIC = '__share_group_state';
/** Of share.version. */
const DEAD_LETTERS_SINCE = 2;

type Needs = Pick<BrokerParts, 'clock' | 'logger' | 'metadata' | 'channel' | 'partitions'> & {
  readonly config: () => BrokerParts['config'];
  /** The state of every share partition, wherever it is kept. */
  readonly shareState: () => ShareState;
  /** Appends records as one batch, wherever their partition is led; an error code, NONE once they are committed. */
  readonly append: (partition: TopicPartition, records: readonly RecordDraft[]) => Answer<number>;
};

export function lazyShareGroups(needs: Needs): LazyShareGroups {
  return new LazyShareGroups(async () => {
    const { ShareGroups } = await import('../share/share-groups.ts');
    return new ShareGroups(optionsOf(needs));
  });
}

function optionsOf({
  clock,
  logger,
  metadata,
  channel,
  partitions,
  config,
  shareState,
  append,
}: Needs): ShareGroupsOptions {
  return {
    partitions,
    groupConfig: (groupId) => configOf(metadata.image, ResourceType.group, groupId),
    hasDeadLetters: () => (metadata.image.features.get('share.version') ?? 0) >= DEAD_LETTERS_SINCE,
    deadLetters: {
      topic: (name) => topicOf(name, { metadata, config }),
      createTopic: (name) => createTopic(name, channel),
      append: (topic, partition, records) => append({ topic, partition }, records),
    },
    stateAnywhere: shareState,
    clock,
    logger,
    config,
    partitionOf: (index) => partitions.get(STATE_TOPIC, index),
    partitionCount: () => metadata.image.topicsByName.get(STATE_TOPIC)?.partitions.length,
    ensureTopic: () => channel.ensureInternalTopic(STATE_TOPIC),
    exists: ({ topicId, partition }) => metadata.image.topicsById.get(topicId)?.partitions[partition] !== undefined,
  };
}

function topicOf(name: string, { metadata, config }: Pick<Needs, 'metadata' | 'config'>): DeadLetterTopic | undefined {
  const topic = metadata.image.topicsByName.get(name);
  if (topic === undefined) return undefined;
  const own = configOf(metadata.image, ResourceType.topic, name);
  return {
    partitionCount: topic.partitions.length,
    takesDeadLetters: own.get('errors.deadletterqueue.group.enable') === 'true',
    maxMessageBytes: resolveLogConfig(own, config()).maxMessageBytes,
  };
}

async function createTopic(name: string, channel: Needs['channel']): Promise<void> {
  const configs = new Map([
    ['errors.deadletterqueue.group.enable', 'true'],
    ['message.timestamp.type', 'CreateTime'],
  ]);
  const topic = {
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [],
    configs: Array.from(configs, ([key, value]) => ({ name: key, value })),
  };
  await channel.createTopics([topic], OF_BROKER);
}
