/** What the configuration APIs share: the kinds of resources, which of them exist, and how an alteration changes one. */
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { configOf, resourceKey, ResourceType, type ClusterImage } from '../cluster/image.ts';
import type { ConfigChange, ConfigDecision } from '../cluster/controller.ts';
import { topicNameFault } from '../cluster/topic-name.ts';
import {
  validateBrokerConfig,
  validateClientMetricsConfig,
  validateGroupConfig,
  validateTopicConfig,
} from '../config/alter.ts';
import type { Altered, ConfigTexts, Refusal } from '../config/alter.ts';
import type { Definition, Table } from '../config/definition.ts';
import { groupKeysBroker } from '../config/group-broker-keys.ts';
import { groupKeys } from '../config/group.ts';
import { definitionOf, effectiveText } from '../config/layers.ts';
import { topicKeys } from '../config/topic.ts';
import { countInPieces, finish, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { alterConfigs as toAlter, type Need } from '../security/needs.ts';
import type { Parts } from './broker-parts.ts';
import type { RequestContext } from './request-context.ts';
import { planLevels, setLevels } from './log-levels.ts';

/** A resource type of requests only: loggers have no settings in the cluster image. */
export const BROKER_LOGGER = 8;

/** The parts that altering a configuration takes. */
export type ConfigParts = Parts<'nodeId' | 'config' | 'layers' | 'logger' | 'metadata' | 'controller' | 'storeChanges'>;

export interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** The needs of `operation`, by what it is done to: `describeConfigs`, `alterConfigs`. */
interface ConfigOperation {
  topic(name: string): Need;
  group(id: string): Need;
  cluster(): Need;
}

/** What it needs to do this to the settings of a resource; nothing where there is no such type. */
export function configNeed(operation: ConfigOperation, { resourceType, resourceName }: Resource): Need | null {
  switch (resourceType) {
    case ResourceType.topic:
      return operation.topic(resourceName);
    case ResourceType.group:
      return operation.group(resourceName);
    case ResourceType.broker:
    case ResourceType.clientMetrics:
    case BROKER_LOGGER:
      return operation.cluster();
    default:
      return null;
  }
}

/** What either alteration needs its client to be allowed; see Permissions. */
export const alterationParts = {
  list: 'resources',
  needs: () => (resource: Resource) => configNeed(toAlter, resource),
  refused: refusedResource,
  answers: 'responses',
  place: 'in order',
} as const;

/** Makes the new settings of a resource from its current ones. */
export type Alteration = (
  current: ConfigTexts,
  rowOf: (key: string) => Definition | undefined,
  inForce: (key: string) => string | null,
) => Altered;

interface ConfigResource extends Resource {
  readonly configs: readonly { readonly name: string }[];
}

type Refusals = ReadonlyMap<string, Refusal>;

const NONE: Refusals = new Map();

/**
 * Changes each resource that may be changed, all in one step, and answers in the order of the request. The controller has it
 * decide on the settings as they are when its turn comes, so two requests cannot undo each other.
 */
export function* alterConfigs<R extends ConfigResource>(
  resources: readonly R[],
  alteration: (resource: R) => Alteration,
  validateOnly: boolean,
  broker: ConfigParts,
): Pieces<Alterations | Promise<Alterations>> {
  const refused = refusedStores(resources, alteration, validateOnly, broker);
  if (refused === null) return yield* alter(resources, alteration, validateOnly, broker, NONE);
  return refused.then((refusals) => finish(alter(resources, alteration, validateOnly, broker, refusals)));
}

function* alter<R extends ConfigResource>(
  resources: readonly R[],
  alteration: (resource: R) => Alteration,
  validateOnly: boolean,
  broker: ConfigParts,
  refusals: Refusals,
): Pieces<Alterations | Promise<Alterations>> {
  const decide = (image: ClusterImage) => decideAll(resources, alteration, broker, image, refusals);
  const put = ({ responses, levels }: Outcomes): Alterations => {
    for (const texts of levels) setLevels(broker.logger, texts);
    return { responses };
  };
  if (validateOnly) return { responses: (yield* decide(broker.metadata.image)).result.responses };
  // Levels of loggers, and stores, are this process's own: also a broker that is no controller sees to them.
  const isLocal = resources.every((one) => one.resourceType === BROKER_LOGGER || refusals.has(keyOf(one)));
  if (isLocal) return put((yield* decide(broker.metadata.image)).result);
  return broker.controller.alterConfigs(decide).then(put);
}

/**
 * Why stores of this broker's listeners cannot be changed so, by the key of their resource: they are tried before the change is. Null
 * where none is to be changed.
 */
function refusedStores<R extends ConfigResource>(
  resources: readonly R[],
  alteration: (resource: R) => Alteration,
  validateOnly: boolean,
  broker: ConfigParts,
  mayAlter: (resource: R) => boolean = () => true,
): Promise<Refusals> | null {
  const { nodeId, storeChanges } = broker;
  const own = new Map<string, R>();
  for (const resource of resources) {
    const { resourceType, resourceName, configs } = resource;
    const isOwn = resourceType === ResourceType.broker && resourceName !== '' && Number(resourceName) === nodeId;
    const isStores = isOwn && storeChanges?.concern(namesOf(configs)) === true;
    if (isStores && mayAlter(resource)) own.set(keyOf(resource), resource);
  }
  return own.size === 0 ? null : tryStores(own, alteration, validateOnly, broker);
}

/** One after the other, and each resource once, however often a request names it: stores are files to read and keys to try. */
async function tryStores<R extends ConfigResource>(
  own: ReadonlyMap<string, R>,
  alteration: (resource: R) => Alteration,
  validateOnly: boolean,
  broker: ConfigParts,
): Promise<Refusals> {
  const { storeChanges, metadata, layers } = broker;
  const refused = new Map<string, Refusal>();
  for (const [key, resource] of own) {
    const planned = plan(resource, alteration(resource), broker, metadata.image);
    if (!('values' in planned)) continue; // refused for what it says itself
    const names = new Set([...namesOf(resource.configs), ...layers.broker.keys()]);
    const fault = await storeChanges!.faultOf({ ...layers, broker: planned.values }, names, validateOnly);
    if (fault !== null) refused.set(key, invalidRequest(fault));
  }
  return refused;
}

function namesOf(configs: ConfigResource['configs']): string[] {
  return configs.map(({ name }) => name);
}

interface ConfigRequest<R> {
  readonly resources: readonly R[];
  readonly validateOnly: boolean;
}

/** How a broker in a cluster divides either request, `api`: what it sees to, and what is left for the controller. */
export function configDivision<R extends ConfigResource>(api: string, alteration: (resource: R) => Alteration) {
  return {
    async divide(
      { resources, validateOnly }: ConfigRequest<R>,
      { access }: RequestContext,
      broker: ConfigParts,
    ): Promise<{ readonly here: Part<R> | null; readonly there: Part<R> | null }> {
      // The controller refuses who may not alter them: for such a client no file is opened here.
      const mayAlter = (resource: R): boolean =>
        access === null || access.errorOf(configNeed(toAlter, resource), api) === ErrorCode.NONE;
      const refusals = (await refusedStores(resources, alteration, validateOnly, broker, mayAlter)) ?? NONE;
      const [here, there]: [R[], R[]] = [[], []];
      for (const one of resources) {
        (one.resourceType === BROKER_LOGGER || refusals.has(keyOf(one)) ? here : there).push(one);
      }
      return {
        here: here.length === 0 ? null : { resources: here, validateOnly },
        there: here.length > 0 && there.length === 0 ? null : { resources: there, validateOnly },
      };
    },
    join: <Response extends Alterations>({ resources }: ConfigRequest<R>, here: Response, there: Response) => ({
      ...there,
      responses: joinConfigs(resources, here.responses, there.responses),
    }),
  };
}

/** Of a request. */
interface Part<R> {
  readonly resources: R[];
  readonly validateOnly: boolean;
}

/** The responses to the parts, in the order of the request. */
function joinConfigs(
  resources: readonly Resource[],
  here: readonly ConfigResponse[],
  there: readonly ConfigResponse[],
): ConfigResponse[] {
  const own = new Set(here.map(keyOf));
  const [ours, others] = [here.values(), there.values()];
  return resources.map((resource) => {
    const next = (own.has(keyOf(resource)) ? ours : others).next();
    if (next.done !== true) return next.value;
    const { resourceType, resourceName } = resource;
    return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null, resourceType, resourceName };
  });
}

type ConfigResponse = Resource & { readonly errorCode: number; readonly errorMessage: string | null };

/** The response to either request. */
interface Alterations {
  readonly responses: readonly ConfigResponse[];
}

interface Outcomes extends Alterations {
  readonly levels: readonly ConfigTexts[];
}

function* decideAll<R extends Resource>(
  resources: readonly R[],
  alteration: (resource: R) => Alteration,
  broker: ConfigParts,
  image: ClusterImage,
  refusals: Refusals,
): Pieces<ConfigDecision<Outcomes>> {
  const changes: ConfigChange[] = [];
  const levels: ConfigTexts[] = [];
  const times = yield* countInPieces(resources, keyOf);
  const responses = yield* mapInPieces(resources, (resource) => {
    const { resourceType, resourceName } = resource;
    const planned =
      times.get(keyOf(resource))! > 1
        ? invalidRequest('Each resource must appear at most once.')
        : (refusals.get(keyOf(resource)) ?? plan(resource, alteration(resource), broker, image));
    if ('levels' in planned) {
      levels.push(planned.levels);
      return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName };
    }
    if ('values' in planned) {
      changes.push({ type: resourceType, name: resourceName, values: planned.values });
      return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName };
    }
    return { ...planned, resourceType, resourceName };
  });
  return { changes, result: { responses, levels } };
}

function keyOf({ resourceType, resourceName }: Resource): string {
  return resourceKey(resourceType, resourceName);
}

type Planned = Refusal | { readonly values: ConfigTexts } | { readonly levels: ConfigTexts };

function plan(
  { resourceType, resourceName }: Resource,
  alteration: Alteration,
  broker: ConfigParts,
  image: ClusterImage,
): Planned {
  const fault = faultOf(resourceType, resourceName, broker, image);
  if (fault !== undefined) return fault;
  if (resourceType === BROKER_LOGGER)
    return planLevels(broker.logger, (current) =>
      alteration(
        current,
        () => undefined,
        () => null,
      ),
    );
  const current = configOf(image, resourceType, resourceName);
  const kind = kinds[resourceType];
  const altered = alteration(current, kind.rowOf, (key) => kind.inForce(key, broker));
  if ('refusal' in altered) return altered.refusal;
  return kind.validate(altered.values, resourceName, broker) ?? altered;
}

interface Kind {
  readonly rowOf: (key: string) => Definition | undefined;
  /** The value that applies where the resource does not set the key. */
  readonly inForce: (key: string, broker: ConfigParts) => string | null;
  readonly validate: (values: ConfigTexts, name: string, broker: ConfigParts) => Refusal | undefined;
}

const kinds: Readonly<Record<number, Kind>> = {
  [ResourceType.topic]: {
    rowOf: (key) => rowIn(topicKeys, key),
    inForce: (key, { layers }) => {
      const row = rowIn(topicKeys, key);
      return row?.broker === undefined ? (row?.defaultText ?? null) : effectiveText(layers, row.broker);
    },
    validate: (values, _name, { config }) => validateTopicConfig(values, config),
  },
  [ResourceType.broker]: {
    rowOf: definitionOf,
    inForce: (key, { layers }) => effectiveText(layers, key),
    validate: (values, name) => validateBrokerConfig(values, name !== ''),
  },
  [ResourceType.group]: {
    rowOf: (key) => rowIn(groupKeys, key),
    inForce: (key, { layers }) => {
      const fallback = groupKeysBroker[key as keyof typeof groupKeys]?.fallback;
      return fallback === undefined ? (rowIn(groupKeys, key)?.defaultText ?? null) : effectiveText(layers, fallback);
    },
    validate: (values, _name, { config }) => validateGroupConfig(values, config),
  },
  [ResourceType.clientMetrics]: {
    // As in Kafka, whose controller does not know these keys, their lists cannot be appended to.
    rowOf: () => undefined,
    inForce: () => null,
    validate: validateClientMetricsConfig,
  },
};

function rowIn(table: Table, key: string): Definition | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Why the resource cannot be altered at all; undefined where it can. */
function faultOf(type: number, name: string, broker: ConfigParts, image: ClusterImage): Refusal | undefined {
  switch (type) {
    case ResourceType.topic: {
      if (name === '') return invalidRequest('Default topic resources are not allowed.');
      if (image.topicsByName.has(name)) return undefined;
      const fault = topicNameFault(name);
      if (fault !== null) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: fault };
      return {
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        errorMessage: `The topic '${name}' does not exist.`,
      };
    }
    case ResourceType.broker:
      // In a cluster the active controller decides, whichever broker was asked.
      return name === '' || (isNodeId(name) && image.brokers.has(Number(name))) ? undefined : otherBroker(name, broker);
    case BROKER_LOGGER:
      return otherBroker(name, broker);
    case ResourceType.group:
      return name === '' ? invalidRequest('Default group resources are not allowed.') : undefined;
    case ResourceType.clientMetrics:
      return name === '' ? invalidRequest("Subscription name can't be empty") : undefined;
    default:
      return invalidRequest(`Resource type ${type} is unknown: use 2, 4, 8, 16 or 32`);
  }
}

function otherBroker(name: string, { nodeId }: ConfigParts): Refusal | undefined {
  if (!isNodeId(name)) return invalidRequest(`'${name}' is not a broker id: give a number`);
  if (Number(name) === nodeId) return undefined;
  return invalidRequest(`This is broker ${nodeId}: send the request to broker ${name}`);
}

export function isNodeId(name: string): boolean {
  return /^[+-]?\d{1,10}$/.test(name);
}

export function invalidRequest(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

export function refusedResource({ resourceType, resourceName }: Resource, errorCode: number) {
  // Kafka has no words for a broker.
  const message = resourceType === ResourceType.broker ? null : errorMessage(errorCode);
  return { errorCode, errorMessage: message, resourceType, resourceName };
}
