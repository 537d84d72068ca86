/** `kafka-cluster`: the cluster's id, endpoints and API versions, and brokers and controllers that will not come back. */
import { DescribeCluster } from '../../../protocol/apis/60-describe-cluster.ts';
import { UnregisterBroker } from '../../../protocol/apis/64-unregister-broker.ts';
import { UnregisterController } from '../../../protocol/apis/94-unregister-controller.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse, Refused } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { printApiVersions } from './broker-api-versions.ts';
import { columns, onCluster } from './cluster.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  config: 'value',
  id: 'value',
  'include-fenced-brokers': 'switch',
  'bootstrap-controller': { refused: 'a broker passes it on to the controller: write --bootstrap-server' },
};

const SHORT: Readonly<Record<string, string>> = {
  '-b': '--bootstrap-server',
  '-C': '--bootstrap-controller',
  '-c': '--command-config',
  '-i': '--id',
  '-h': '--help',
};

type Command = (cluster: Cluster, flags: Flags, terminal: Terminal) => Promise<void>;

const COMMANDS: Readonly<Record<string, { readonly run: Command; readonly used: readonly string[] }>> = {
  'cluster-id': { run: clusterId, used: [] },
  unregister: { run: unregister, used: ['id'] },
  'unregister-controller': { run: unregisterController, used: ['id'] },
  'list-endpoints': { run: listEndpoints, used: ['include-fenced-brokers'] },
  'api-versions': { run: (cluster, _flags, terminal) => printApiVersions(cluster, terminal), used: [] },
};

export async function clusterTool(args: readonly string[], terminal: Terminal): Promise<number> {
  // --config is what --command-config was called at first.
  const long = args.map((arg) => SHORT[arg] ?? (/^--config($|=)/.test(arg) ? arg.replace('--', '--command-') : arg));
  const flags = readFlags(long, FLAGS, 1);
  const [name = ''] = flags.words;
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(`invalid choice: '${name}' (choose from ${Object.keys(COMMANDS).join(', ')})`);
  }
  const { run, used } = COMMANDS[name];
  flags.only(name, used);
  if (used.includes('id') && flags.number('id') === undefined) flags.need('id');
  try {
    await onCluster(terminal, flags, (cluster) => run(cluster, flags, terminal));
  } catch (error) {
    throw error instanceof Refused ? new CommandError(error.said) : error;
  }
  return 0;
}

async function clusterId(cluster: Cluster, _flags: Flags, terminal: Terminal): Promise<void> {
  const { clusterId: id } = await cluster.metadata([]);
  await printLine(
    terminal,
    id === null ? 'No cluster ID found. The Kafka version is probably too old.' : `Cluster ID: ${id}`,
  );
}

async function unregister(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const brokerId = flags.number('id')!;
  await cluster.sendToController(UnregisterBroker, { brokerId }, ({ errorCode, errorMessage }) =>
    refuse(`broker ${brokerId}`, errorCode, errorMessage),
  );
  await printLine(terminal, `Broker ${brokerId} is no longer registered.`);
}

async function unregisterController(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const controllerId = flags.number('id')!;
  await cluster.sendToController(UnregisterController, { controllerId }, ({ errorCode, errorMessage }) =>
    refuse(`controller ${controllerId}`, errorCode, errorMessage),
  );
  await printLine(terminal, `Controller ${controllerId} is no longer registered.`);
}

async function listEndpoints(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const answer = await cluster.sendAny(DescribeCluster, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: flags.has('include-fenced-brokers'),
  });
  refuse('the cluster', answer.errorCode, answer.errorMessage);
  const rows = answer.brokers
    .toSorted((a, b) => a.brokerId - b.brokerId)
    .map(({ brokerId, host, port, rack, isFenced }) => [
      brokerId,
      host,
      port,
      rack ?? 'null',
      isFenced ? 'fenced' : 'unfenced',
      'broker',
    ]);
  const heading = ['ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE'];
  await printLine(terminal, columns([heading, ...rows], [10, 9, 10, 10, 10]));
}
