/** Shows where share groups are in their partitions, and how far behind (KIP-932, KIP-1226). */
import { DescribeShareGroupOffsets } from '../../protocol/apis/90-describe-share-group-offsets.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import type { Parts } from './broker-parts.ts';
import type { DescribedOffsets } from '../groups/share/offsets.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './share-version.ts';

export const describeShareGroupOffsets = handler(DescribeShareGroupOffsets, {
  *handle({ groups }, { apiVersion }, broker: Parts<'groups' | 'metadata'>) {
    if (!speaksShareProtocol(broker)) return refusal(groups, ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF);
    type Asked = (typeof groups)[number];
    const describe = ({ groupId, topics }: Asked) => broker.groups.share.describeOffsets(groupId, topics);
    const bytesOf = (group: DescribedOffsets) =>
      responseBytes(DescribeShareGroupOffsets, apiVersion, { groups: [group] });
    // All topics of a group may be many, and take few bytes to ask for.
    const keyOf = (asked: Asked): unknown => (asked.topics === null ? asked.groupId : asked);
    return andThen(yield* answerEach(groups, describe, bytesOf, keyOf), (all) => ({ groups: all }));
  },
  refuse: ({ groups }, errorCode) => refusal(groups, errorCode, null),
});

function refusal(groups: readonly { readonly groupId: string }[], errorCode: number, errorMessage: string | null) {
  return { groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode, errorMessage })) };
}
