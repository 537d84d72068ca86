/** Creates the missing topics that a client names (auto.create.topics.enable). */
import { ErrorCode } from '../../protocol/errors.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import type { Requester } from '../cluster/controller-channel.ts';
import type { Parts } from './broker-parts.ts';

/**
 * When the promise resolves, the topics accept writes. A topic that cannot be created stays missing: as in Kafka, clients get
 * UNKNOWN_TOPIC_OR_PARTITION. The broker's log says why.
 */
export async function autoCreateTopics(
  names: readonly string[],
  requester: Requester,
  { channel, logger }: Parts<'channel' | 'logger'>,
): Promise<void> {
  for (const name of names) if (isInternalTopic(name)) await channel.ensureInternalTopic(name);
  const topics = names
    .filter((name) => !isInternalTopic(name))
    .map((name) => ({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }));
  if (topics.length === 0) return;
  for (const { name, errorCode, errorMessage } of await channel.createTopics(topics, requester)) {
    const isMissing = errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS;
    if (isMissing) logger.warn('topic-not-created', { topic: name, error: errorMessage });
  }
}
