/** What a reset takes away, and configurations of groups: checked as IncrementalAlterConfigs checks them, and stored. */
import { ResourceType, type ClusterImage } from '../cluster/image.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import { validateGroupConfig } from '../config/alter.ts';
import type { BrokerView } from './broker-view.ts';
import type { TestMetadata } from './test-metadata.ts';

/** By group id: Kafka's group keys, such as `share.auto.offset.reset`. */
export type GroupConfigs = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

/** @throws {TypeError} for a key that groups do not have, or a value that it cannot have */
export async function configureGroups(
  metadata: TestMetadata,
  config: BrokerView['parts']['config'],
  groups: GroupConfigs,
): Promise<void> {
  const records = Object.entries(groups).flatMap(([resourceName, configs]) => {
    const values = new Map(Object.entries(configs).map(([name, value]) => [name, String(value)]));
    const refusal = validateGroupConfig(values, config);
    if (refusal !== undefined) throw new TypeError(`groups: '${resourceName}': ${refusal.errorMessage}`);
    return Array.from(values, ([name, value]) => {
      return { type: 'ConfigRecord' as const, resourceType: ResourceType.group, resourceName, name, value };
    });
  });
  if (records.length > 0) await metadata.change(() => records);
}

/** A cluster without topics, dynamic configurations, ACLs and quotas. */
export function asNew({ topicsById, configs, accessControlEntries, quotas }: ClusterImage): MetadataDraft[] {
  return [
    ...Array.from(accessControlEntries.keys(), (id) => ({ type: 'RemoveAccessControlEntryRecord' as const, id })),
    ...[...quotas.values()].flatMap(({ entity, values }) =>
      Array.from(values.keys(), (key) => {
        return { type: 'ClientQuotaRecord' as const, entity: [...entity], key, value: 0, remove: true };
      }),
    ),
    ...Array.from(topicsById.keys(), (topicId) => ({ type: 'RemoveTopicRecord' as const, topicId })),
    ...[...configs].flatMap(([resource, values]) => unset(resource, [...values.keys()])),
  ];
}

/** By the key of an image's configurations, '2:orders': of topics those go with the topic. */
function unset(resource: string, names: readonly string[]) {
  const [type] = resource.split(':', 1);
  const resourceName = resource.slice(type.length + 1);
  return names
    .filter(() => type !== '2')
    .map((name) => ({ type: 'ConfigRecord' as const, resourceType: Number(type), resourceName, name, value: null }));
}
