import { ConsumerGroupDescribe, ConsumerGroupHeartbeat, IncrementalAlterConfigs } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { assignableTopic, joined } from './members.ts';
import type { Side } from './side.ts';

type DescribeSide = typeof ConsumerGroupDescribe extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Describes a group of one member. */
function described(change: Partial<RequestDraft<typeof ConsumerGroupHeartbeat>>, includeAuthorizedOperations = false) {
  return async (side: DescribeSide) => {
    const topic = await assignableTopic(side);
    const groupId = side.name('group');
    await side.send(ConsumerGroupHeartbeat, {
      groupId,
      memberId: 'member',
      memberEpoch: 0,
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: [topic.name],
      topicPartitions: [],
      ...change,
    });
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations });
  };
}

const GROUP = 32;
const SET = 0;

/** Assigns at once what changes, and not a second after it did so last. */
function assignsAtOnce(side: DescribeSide, groupId: string) {
  const configs = [{ name: 'consumer.assignment.interval.ms', configOperation: SET, value: '0' }];
  const resources = [{ resourceType: GROUP, resourceName: groupId, configs }];
  return side.send(IncrementalAlterConfigs, { resources, validateOnly: false });
}

differential(ConsumerGroupDescribe, {
  'a group of one': described({}),
  'with what is allowed': described({}, true),
  'a member without topics': described({ subscribedTopicNames: [] }),
  'a static member in a rack, by range': described({ instanceId: 'i', rackId: 'r', serverAssignor: 'range' }),
  'a group that is empty': async (side) => {
    await described({})(side);
    const groupId = side.name('group');
    await side.send(ConsumerGroupHeartbeat, { groupId, memberId: 'member', memberEpoch: -1 });
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations: true });
  },
  'a group whose member wants another assignor by now': async (side) => {
    const groupId = side.name('group');
    await assignsAtOnce(side, groupId);
    await described({})(side);
    await side.send(ConsumerGroupHeartbeat, { groupId, memberId: 'member', memberEpoch: 2, serverAssignor: 'range' });
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations: false });
  },
  'a group that is not there': (side) => side.ask({ groupIds: [side.name('none')], includeAuthorizedOperations: true }),
  'a group without a name': (side) => side.ask({ groupIds: [''], includeAuthorizedOperations: false }),
  'no group': (side) => side.ask({ groupIds: [], includeAuthorizedOperations: false }),
  'a group twice': (side) => side.ask({ groupIds: ['none', 'none'], includeAuthorizedOperations: false }),
  'a classic group': async (side) => {
    const groupId = side.name('group');
    await joined(side, groupId);
    await side.ask({ groupIds: [groupId], includeAuthorizedOperations: false });
  },
});
