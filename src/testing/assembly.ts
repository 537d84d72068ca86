/** Puts brokers together with what watches them and what makes them misbehave: interceptor, faults, waiters, traffic log. */
import type { BrokerOptions, RunningBroker } from '../broker/broker.ts';
import type { InProcessOptions } from '../broker/member-in-process.ts';
import { VirtualClock, type Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { nodeNetwork, type Network } from '../platform/network.ts';
import { Activity, observed } from './activity.ts';
import { BrokerNetworks } from './broker-networks.ts';
import { viewOf } from './broker-view.ts';
import type { CallPlace } from './call-place.ts';
import { MemoryDiskFaults } from './disk-faults.ts';
import { FaultRules } from './fault-rules.ts';
import { groupType } from './group-view.ts';
import { HandshakeRules } from './handshake-faults.ts';
import { LocalBroker } from './local-broker.ts';
import { Nodes, type StartNode } from './nodes.ts';
import { Refusals } from './refusals.ts';
import { PEER_LISTENER } from './peer-logins.ts';
import type { TestSecurity } from './security.ts';
import type { StartOptions } from './start-options.ts';
import type { TestBroker } from './test-broker.ts';
import { TestInterceptor } from './test-interceptor.ts';
import type { LoadShow } from './test-page.ts';
import { TestMetadata } from './test-metadata.ts';
import type { TopicSpec } from './topic-spec.ts';
import type { TrafficLog } from './traffic-log.ts';

/** Where the first broker of a test has its logs; the others' names go on with a hyphen and the node id. */
const MEMORY_DIRECTORY = '/memory';
/** Settings that name what only one broker can have. */
const OF_THE_FIRST = new Set(['advertised.listeners', 'ottla.metrics.port']);

export interface Assembly {
  /** Starts one broker. */
  readonly start: (options: BrokerOptions) => Promise<RunningBroker>;
  /** Shows the brokers to people; undefined where that is asked for otherwise. */
  readonly loadShow?: LoadShow;
  /** What `fork` starts another one with. */
  readonly again: (options: StartOptions, beginning: readonly TopicSpec[]) => Promise<TestBroker>;
  /** How many brokers clients see. */
  readonly brokers: number;
  readonly clock: Clock;
  /** By which sockets go on while `clock` stands still. */
  readonly socketClock: Clock;
  /** Its disk in memory; null for a broker that keeps its logs on a real one. */
  readonly files: MemoryFiles | null;
  readonly settings: ReadonlyMap<string, string>;
  readonly memory: boolean;
  readonly clusterId?: string;
  readonly logger: Logger;
  readonly traffic: TrafficLog;
  readonly options: StartOptions;
  /** Who may connect; null or none: everybody. */
  readonly security?: TestSecurity | null;
  /** The topics that a reset makes anew. */
  readonly beginning: readonly TopicSpec[];
  /** Where the test started it. */
  readonly place: CallPlace;
  /** The system's, unless given. */
  readonly network?: Network;
}

/** Starts them. Topics of the options are not made yet: `test.provide` does. */
export async function assemble(assembly: Assembly): Promise<{ broker: RunningBroker; test: LocalBroker }> {
  const { again, brokers, clock, logger, traffic, options } = assembly;
  const activity = new Activity();
  const files = assembly.files ?? new MemoryFiles();
  const badCertificates = () => assembly.security?.badCertificates ?? null;
  const handshakes = new HandshakeRules(badCertificates, () => activity.notify());
  const faults = new FaultRules(new MemoryDiskFaults(files), handshakes, (group) => groupType(view, group));
  const metadata = new TestMetadata(() => activity.notify());
  const brokerClock = observed(clock, activity);
  const names = (topicId: string) => metadata.image.topicsById.get(topicId)?.name;
  const partitionAt = (nodeId: number, topic: string, index: number) =>
    nodes.get(nodeId)?.parts.partitions.get(topic, index);
  // Several are counted from 0; a single one has the id that it was given.
  const ids = brokers > 1 ? Array.from({ length: brokers }, (_, nodeId) => nodeId) : [idIn(assembly.settings)];
  const maxFetchWaitMs = Number(assembly.settings.get('ottla.fetch.max.wait.ms') ?? 0);
  const refusals = new Refusals(() => activity.notify());
  const watched = { activity, traffic, faults };
  const interceptor = new TestInterceptor({ clock: brokerClock, ...watched, names, partitionAt, maxFetchWaitMs });
  const networks = new BrokerNetworks(assembly.network ?? nodeNetwork());
  const common = { clock: brokerClock, logger, interceptor, securityWatcher: refusals, handshakes };
  const inCluster = brokers > 1 ? await clusterOptions(assembly, { metadata, networks }) : null;
  const alone = { openMetadataStore: metadata.open, ...(assembly.network ? { network: assembly.network } : {}) };
  const start: StartNode = (nodeId, port, isBeginning) =>
    assembly.start({
      ...common,
      ...(inCluster?.(nodeId, isBeginning) ?? alone),
      ...ownOptions(assembly, metadata, nodeId, port),
    });
  const nodes = new Nodes({ ids, start, metadata, networks, clock: brokerClock });
  const view = viewOf(nodes, brokers);
  try {
    await nodes.startAll();
    const { beginning, place } = assembly;
    const said = { options, beginning, place, refusals, security: assembly.security ?? null };
    const parts = {
      view,
      files,
      nodes,
      metadata,
      interceptor,
      ...watched,
      ...said,
      clock,
      warn,
      start: again,
      loadShow: assembly.loadShow,
    };
    return { broker: nodes.any, test: new LocalBroker(parts) };
  } catch (error) {
    await nodes.stopAll();
    await metadata.close();
    throw error;
  }
}

interface ClusterRooms {
  readonly metadata: TestMetadata;
  readonly networks: BrokerNetworks;
}

/** A follower's fetch waits so long by a clock that a test moves: what the test lets pass is not spent on asking in vain. */
const VIRTUAL_FETCH_WAIT_MS = 60 * 60 * 1000;

/** What makes a broker one of several. */
async function clusterOptions(
  { clock, socketClock, security }: Assembly,
  { metadata, networks }: ClusterRooms,
): Promise<(nodeId: number, isBeginning: boolean) => Pick<BrokerOptions, 'join' | 'network'>> {
  const { memberInProcess, signedInNetwork } = await import('../broker/member-in-process.ts');
  const fetching = clock instanceof VirtualClock ? { fetchWaitMs: VIRTUAL_FETCH_WAIT_MS } : {};
  return (nodeId, isBeginning) => {
    const network = networks.of(nodeId);
    const openMetadataStore = metadata.openFor(nodeId);
    const login = security ? () => security.peers.login() : null;
    const toPeers = login === null ? network : signedInNetwork(network, { clock: socketClock, login });
    const member: InProcessOptions = { openMetadataStore, network: toPeers, socketClock, isBeginning, ...fetching };
    return { network, join: memberInProcess(member) };
  };
}

/** As the configuration has it by default. */
const DEFAULT_ID = 1;

function idIn(settings: ReadonlyMap<string, string>): number {
  return Number(settings.get('node.id') ?? settings.get('broker.id') ?? DEFAULT_ID);
}

/** What one broker has that the others have not: its settings, and a log directory. */
function ownOptions(assembly: Assembly, metadata: TestMetadata, nodeId: number, port: number): BrokerOptions {
  const { settings, memory, files, clusterId } = assembly;
  const listeners = listenersOf(assembly, port);
  const disk = files === null ? {} : { files };
  if (nodeId === 0 || assembly.brokers === 1) {
    const own = port === 0 ? settings : new Map([...settings, ['listeners', listeners]]);
    return { settings: own, memory, ...disk, ...(clusterId === undefined ? {} : { clusterId }) };
  }
  const own = new Map([
    ...[...settings].filter(([key]) => !OF_THE_FIRST.has(key)),
    ['node.id', String(nodeId)],
    ['listeners', listeners],
    ['log.dirs', `${MEMORY_DIRECTORY}-${nodeId}`],
  ]);
  return { settings: own, ...disk, clusterId: metadata.image.clusterId };
}

/** Brokers that ask clients who they are have a listener of their own for one another, which no client is told of. */
function listenersOf({ brokers, security }: Assembly, port: number): string {
  const clients = `${security?.protocol ?? 'PLAINTEXT'}://127.0.0.1:${port}`;
  return security && brokers > 1 ? `${clients},${PEER_LISTENER}` : clients;
}

/** To the person who runs the tests. */
export function warn(text: string): void {
  process.stderr.write(text);
}
