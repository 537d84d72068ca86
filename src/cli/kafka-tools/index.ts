/** Kafka's own tools by their names, for health checks, init containers and scripts that call them. */
import { printLine, processTerminal, type Terminal } from '../terminal.ts';
import { acls, FLAGS as aclFlags } from './acls.ts';
import { brokerApiVersions } from './broker-api-versions.ts';
import { clusterTool, FLAGS as clusterFlags } from './cluster-tool.ts';
import { configs, FLAGS as configFlags } from './configs.ts';
import { consoleConsumer, FLAGS as consumerFlags } from './console-consumer.ts';
import { consoleProducer, FLAGS as producerFlags } from './console-producer.ts';
import { consoleShareConsumer, FLAGS as shareConsumerFlags } from './console-share-consumer.ts';
import { consumerGroups, FLAGS as groupFlags } from './consumer-groups.ts';
import { delegationTokens, FLAGS as tokenFlags } from './delegation-tokens.ts';
import type { FlagTable } from './flags.ts';
import { getOffsets, FLAGS as offsetFlags } from './get-offsets.ts';
import { leaderElection, FLAGS as electionFlags } from './leader-election.ts';
import { logDirs, FLAGS as logDirFlags } from './log-dirs.ts';
import { metadataQuorum, FLAGS as quorumFlags } from './metadata-quorum.ts';
import { portCheck } from './port-check.ts';
import { cub, kafkaReady } from './ready.ts';
import { reassignPartitions, FLAGS as reassignFlags } from './reassign-partitions.ts';
import { shareGroups, FLAGS as shareGroupFlags } from './share-groups.ts';
import { STORAGE_FLAGS } from './storage-flags.ts';
import { topics, FLAGS as topicFlags } from './topics.ts';

/** Answers the exit code. Throws what went wrong. */
type Tool = (args: readonly string[], terminal: Terminal) => Promise<number>;

const TOOLS: Readonly<Record<string, Tool>> = {
  'kafka-acls': acls,
  'kafka-broker-api-versions': brokerApiVersions,
  'kafka-cluster': clusterTool,
  'kafka-configs': configs,
  'kafka-console-consumer': consoleConsumer,
  'kafka-console-producer': consoleProducer,
  'kafka-console-share-consumer': consoleShareConsumer,
  'kafka-consumer-groups': consumerGroups,
  'kafka-delegation-tokens': delegationTokens,
  'kafka-get-offsets': getOffsets,
  'kafka-leader-election': leaderElection,
  'kafka-log-dirs': logDirs,
  'kafka-metadata-quorum': metadataQuorum,
  'kafka-ready': kafkaReady,
  'kafka-reassign-partitions': reassignPartitions,
  'kafka-share-groups': shareGroups,
  'kafka-storage': async (args, terminal) => (await import('./storage/storage.ts')).storage(args, terminal),
  'kafka-topics': topics,
  cub,
  nc: portCheck,
};

/** Whose tools these stand in for; scripts compare it. */
const KAFKA_VERSION = '4.4.0';

export const kafkaTools: readonly string[] = Object.keys(TOOLS);

/** The flags of each that takes them by name; SHARED ones besides. */
export const flagTables: Readonly<Record<string, FlagTable>> = {
  'kafka-acls': aclFlags,
  'kafka-broker-api-versions': {},
  'kafka-cluster': clusterFlags,
  'kafka-configs': configFlags,
  'kafka-console-consumer': consumerFlags,
  'kafka-console-producer': producerFlags,
  'kafka-console-share-consumer': shareConsumerFlags,
  'kafka-consumer-groups': groupFlags,
  'kafka-delegation-tokens': tokenFlags,
  'kafka-get-offsets': offsetFlags,
  'kafka-leader-election': electionFlags,
  'kafka-log-dirs': logDirFlags,
  'kafka-metadata-quorum': quorumFlags,
  'kafka-reassign-partitions': reassignFlags,
  'kafka-share-groups': shareGroupFlags,
  'kafka-storage': STORAGE_FLAGS,
  'kafka-topics': topicFlags,
};

/** Runs a tool and answers its exit code: 0, or 1 with a sentence on stderr, as Kafka's. */
export async function runKafkaTool(
  name: string,
  args: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const tool = TOOLS[name];
  if (tool === undefined) {
    terminal.stderr.write(`${name} is not in this image; there are ${kafkaTools.join(', ')}\n`);
    return 1;
  }
  if (args.includes('--version') && name.startsWith('kafka-')) {
    await printLine(terminal, `${KAFKA_VERSION} (Ottla ${process.env.OTTLA_VERSION ?? 'from source'})`);
    return 0;
  }
  try {
    return await tool(args, terminal);
  } catch (error) {
    terminal.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
