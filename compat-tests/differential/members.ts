/** Members of classic groups for the cases. */
import { JoinGroup, SyncGroup } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Side } from './side.ts';

/** A subscription to nothing, version 0: Apache Kafka never answers a consumer whose metadata it cannot read. */
export const subscription: Uint8Array = Buffer.from('000000000000ffffffff', 'hex');

export interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

export interface JoinOptions {
  readonly protocolType?: string;
  readonly groupInstanceId?: string | null;
  /** Whether the assignment is handed in, so that the group is stable. */
  readonly sync?: boolean;
}

/** The only member of a fresh group. */
export async function joined(
  side: Pick<Side, 'send'>,
  groupId: string,
  { protocolType = 'consumer', groupInstanceId = null, sync = true }: JoinOptions = {},
): Promise<Member> {
  const draft = {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: '',
    groupInstanceId,
    protocolType,
    protocols: [{ name: 'range', metadata: subscription }],
  };
  let answer = await side.send(JoinGroup, draft);
  if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
    answer = await side.send(JoinGroup, { ...draft, memberId: answer.memberId });
  }
  const { memberId, generationId } = answer;
  if (sync) {
    await side.send(SyncGroup, {
      groupId,
      generationId,
      memberId,
      groupInstanceId,
      protocolType,
      protocolName: 'range',
      assignments: [{ memberId, assignment: Buffer.from('assignment') }],
    });
  }
  return { memberId, generationId };
}
