/** Finds groups by name, and helps those who mistyped one. */
import type { Cluster } from './client/cluster.ts';
import { describeGroup, listGroups, type DescribedGroup } from './client/groups.ts';
import { nearest } from '../config/did-you-mean.ts';
import { CommandError } from './usage.ts';

/** Throws where there is no such group, with the name that may have been meant. */
export async function existingGroup(cluster: Cluster, name: string): Promise<DescribedGroup> {
  const group = await describeGroup(cluster, name);
  if (group !== null) return group;
  const near = nearest(
    name,
    (await listGroups(cluster)).map((each) => each.group),
  );
  const next = near === null ? '`ottla groups` lists what there is' : `did you mean '${near}'?`;
  throw new CommandError(`there is no group '${name}'; ${next}`);
}
