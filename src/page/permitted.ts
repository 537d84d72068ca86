/** A broker as far as one person may see it: what the authorizer does not let them describe is not there. */
import { ResourceType, type ClusterImage, type TopicImage } from '../cluster/image.ts';
import { Operation, Resource, CLUSTER_NAME } from '../security/acls/codes.ts';
import type { Authorizer, PersonSession } from '../testing/broker-door.ts';
import type { BrokerView } from '../testing/broker-view.ts';

const TOPIC_CONFIGS = `${ResourceType.topic}:`;

type Access = ReturnType<NonNullable<Authorizer>['accessOf']>;

/** What one person may do. */
export class Permissions {
  readonly #authorizer: Authorizer;
  readonly #session: PersonSession;

  constructor(authorizer: Authorizer, session: PersonSession) {
    this.#authorizer = authorizer;
    this.#session = session;
  }

  /** Whether anything is asked at all. */
  get areAsked(): boolean {
    return this.#authorizer !== null;
  }

  /** Another object where an ACL has changed. */
  get rules(): object | null {
    return this.#authorizer?.rules ?? null;
  }

  /** 'User:alice' */
  get who(): string {
    const { type, name } = this.#session.principal;
    return `${type}:${name}`;
  }

  may(operation: number, resourceType: number, name: string): boolean {
    const access: Access | null = this.#authorizer?.accessOf(this.#session) ?? null;
    return access === null || (access.operationsOn(resourceType, name) & (1 << operation)) !== 0;
  }

  seesTopic(name: string): boolean {
    return this.may(Operation.DESCRIBE, Resource.TOPIC, name);
  }

  readsTopic(name: string): boolean {
    return this.may(Operation.READ, Resource.TOPIC, name);
  }

  seesGroup(id: string): boolean {
    return this.may(Operation.DESCRIBE, Resource.GROUP, id);
  }

  seesTransaction(id: string): boolean {
    return this.may(Operation.DESCRIBE, Resource.TRANSACTIONAL_ID, id);
  }

  get seesCluster(): boolean {
    return this.may(Operation.DESCRIBE, Resource.CLUSTER, CLUSTER_NAME);
  }

  get seesSettings(): boolean {
    return this.may(Operation.DESCRIBE_CONFIGS, Resource.CLUSTER, CLUSTER_NAME);
  }

  get altersCluster(): boolean {
    return this.may(Operation.ALTER, Resource.CLUSTER, CLUSTER_NAME);
  }

  /** `resource` as images have it: '2:orders' is topic orders. */
  seesConfigsIn(resource: string): boolean {
    if (!resource.startsWith(TOPIC_CONFIGS)) return this.seesSettings;
    return this.may(Operation.DESCRIBE_CONFIGS, Resource.TOPIC, resource.slice(TOPIC_CONFIGS.length));
  }
}

/** The same view where nothing is asked. */
export function permittedView(view: BrokerView, permissions: Permissions): BrokerView {
  return permissions.areAsked ? new PermittedView(view, permissions) : view;
}

class PermittedView implements BrokerView {
  readonly #view: BrokerView;
  readonly #permissions: Permissions;
  #seen: { readonly image: ClusterImage; readonly rules: object | null; readonly permitted: ClusterImage } | null =
    null;

  constructor(view: BrokerView, permissions: Permissions) {
    this.#view = view;
    this.#permissions = permissions;
  }

  get parts(): BrokerView['parts'] {
    const { parts } = this.#view;
    const permissions = this.#permissions;
    const image = (): ClusterImage => this.#image(parts.metadata.image);
    return {
      clock: parts.clock,
      config: parts.config,
      layers: parts.layers,
      controller: parts.controller,
      metadata: {
        get image() {
          return image();
        },
        onChange: (listener) => parts.metadata.onChange(listener),
      },
      partitions: {
        topicByName: (name) => (permissions.seesTopic(name) ? parts.partitions.topicByName(name) : undefined),
        get: (topic, index) => (permissions.seesTopic(topic) ? parts.partitions.get(topic, index) : undefined),
      },
      groups: this.#groups(),
      transactions: {
        partitionFor: (id) => parts.transactions.partitionFor(id),
        ensureTopic: () => parts.transactions.ensureTopic(),
        describe: (id) => parts.transactions.describe(permissions.seesTransaction(id) ? id : ''),
        list: (filter) => {
          const listed = parts.transactions.list(filter);
          const seen = listed.transactionStates.filter(({ transactionalId }) =>
            permissions.seesTransaction(transactionalId),
          );
          return { ...listed, transactionStates: seen };
        },
      },
    };
  }

  get listeners(): BrokerView['listeners'] {
    const { listeners } = this.#view;
    return {
      connections: () => (this.#permissions.seesCluster ? listeners.connections() : []),
      disconnect: (reason, which) => listeners.disconnect(reason, which),
    };
  }

  get seesConnections(): boolean {
    return this.#permissions.seesCluster;
  }

  /** Of groups, topics, transactions and settings that this person sees; of all else where they see the cluster. */
  events(): ReturnType<BrokerView['events']> {
    const permissions = this.#permissions;
    return this.#view.events().filter(({ facts: { group, topic, transactionalId, resource } }) => {
      if (typeof group === 'string') return permissions.seesGroup(group);
      if (typeof topic === 'string') return permissions.seesTopic(topic);
      if (typeof transactionalId === 'string') return permissions.seesTransaction(transactionalId);
      return typeof resource === 'string' ? permissions.seesConfigsIn(resource) : permissions.seesCluster;
    });
  }

  throttles(): ReturnType<BrokerView['throttles']> {
    return this.#permissions.seesCluster ? this.#view.throttles() : [];
  }

  deliveries(): ReturnType<BrokerView['deliveries']> {
    return this.#view.deliveries();
  }

  /** Groups that nobody may describe are as groups that are not there. */
  #groups(): BrokerView['parts']['groups'] {
    const { groups } = this.#view.parts;
    const permissions = this.#permissions;
    const shown = (id: string): string => (permissions.seesGroup(id) ? id : '');
    return {
      partitionFor: (id) => groups.partitionFor(id),
      ensureOffsetsTopic: () => groups.ensureOffsetsTopic(),
      describeGroup: (id) => groups.describeGroup(shown(id)),
      describeConsumerGroup: (id) => groups.describeConsumerGroup(shown(id)),
      progress: (id) => groups.progress(shown(id)),
      share: {
        describe: (id) => groups.share.describe(shown(id)),
        describeOffsets: (id, topics) => groups.share.describeOffsets(shown(id), topics),
      },
      streams: { reads: (id) => groups.streams.reads(shown(id)) },
      fetchOffsets: (request, requireStable) => {
        const fetched = groups.fetchOffsets({ ...request, groupId: shown(request.groupId) }, requireStable);
        return { ...fetched, topics: fetched.topics.filter(({ name }) => permissions.seesTopic(name)) };
      },
      listGroups: (states, types) => {
        const listed = groups.listGroups(states, types);
        return { ...listed, groups: listed.groups.filter(({ groupId }) => permissions.seesGroup(groupId)) };
      },
    };
  }

  #image(image: ClusterImage): ClusterImage {
    const { rules } = this.#permissions;
    if (this.#seen?.image === image && this.#seen.rules === rules) return this.#seen.permitted;
    const permitted = this.#permittedImage(image);
    this.#seen = { image, rules, permitted };
    return permitted;
  }

  #permittedImage(image: ClusterImage): ClusterImage {
    const permissions = this.#permissions;
    const topics = [...image.topicsById].filter(([, { name }]) => permissions.seesTopic(name));
    const configs = [...image.configs].filter(([resource]) => permissions.seesConfigsIn(resource));
    return {
      ...image,
      topicsById: new Map<string, TopicImage>(topics),
      topicsByName: new Map(topics.map(([, topic]) => [topic.name, topic])),
      configs: new Map(configs),
      quotas: new Map(),
      scramCredentials: new Map(),
      accessControlEntries: new Map(),
      delegationTokens: new Map(),
    };
  }
}
