/** Which groups --group and --all-groups mean. */
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import type { Cluster } from '../client/cluster.ts';
import { listGroups, type ListedGroup } from '../client/groups.ts';
import { UsageError } from '../usage.ts';
import type { Flags } from './flags.ts';

/** Those that a consumer may be a member of, and those that only have offsets: --all-groups means them too. */
export async function consumersGroups(cluster: Cluster): Promise<ListedGroup[]> {
  const groups = await listGroups(cluster);
  return groups.filter(
    ({ protocol, type }) => ['', 'consumer'].includes(protocol) && ['classic', 'consumer'].includes(type.toLowerCase()),
  );
}

/** Why a group is not changed, as Kafka's tools say it. */
export function groupRefusal(errorCode: number): string {
  return errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? 'The group id does not exist.' : errorMessage(errorCode);
}

/** The groups that an action is about. @throws {UsageError} where no flag names any */
export async function groupsOf(cluster: Cluster, flags: Flags): Promise<string[]> {
  if (flags.has('all-groups')) return (await consumersGroups(cluster)).map(({ group }) => group);
  if (flags.has('group')) return [...flags.all('group')];
  throw new UsageError('write --group NAME, or --all-groups');
}
