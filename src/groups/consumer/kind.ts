/** Groups of the consumer protocol (KIP-848): ConsumerGroupHeartbeat. */
import type { GroupKind } from '../group-kind.ts';
import type { ConsumerRecord } from './records.ts';
import { readConsumerRecord, writeConsumerRecord } from './records.ts';
import { replayConsumerRecord } from './replay.ts';
import { consumerRules } from './rules.ts';
import { ConsumerGroupRunner } from './runner.ts';
import type { ConsumerGroup } from './state.ts';

export const consumerGroups: GroupKind<ConsumerGroup, ConsumerRecord, ConsumerGroupRunner> = {
  rules: consumerRules,
  records: {
    types: [
      'consumerEpoch',
      'consumerMember',
      'consumerTargetEpoch',
      'consumerTarget',
      'consumerCurrent',
      'consumerRegex',
    ],
    write: writeConsumerRecord,
    read: readConsumerRecord,
    replay: replayConsumerRecord,
  },
  openRunner: (host) => new ConsumerGroupRunner(host),
};
