/** Which groups --group and --all-groups mean. */
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

/** The groups that an action is about. @throws {UsageError} where no flag names any */
export async function groupsOf(cluster: Cluster, flags: Flags): Promise<string[]> {
  if (flags.has('all-groups')) return (await consumersGroups(cluster)).map(({ group }) => group);
  if (flags.has('group')) return [...flags.all('group')];
  throw new UsageError('write --group NAME, or --all-groups');
}
