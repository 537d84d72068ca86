/** Kafka's own tools by their names, for health checks, init containers and scripts that call them. */
import { printLine, processTerminal, type Terminal } from '../terminal.ts';
import { acls } from './acls.ts';
import { brokerApiVersions } from './broker-api-versions.ts';
import { configs } from './configs.ts';
import { consoleConsumer } from './console-consumer.ts';
import { consoleProducer } from './console-producer.ts';
import { consumerGroups } from './consumer-groups.ts';
import { getOffsets } from './get-offsets.ts';
import { portCheck } from './port-check.ts';
import { cub, kafkaReady } from './ready.ts';
import { topics } from './topics.ts';

/** Answers the exit code. Throws what went wrong. */
type Tool = (args: readonly string[], terminal: Terminal) => Promise<number>;

const TOOLS: Readonly<Record<string, Tool>> = {
  'kafka-acls': acls,
  'kafka-broker-api-versions': brokerApiVersions,
  'kafka-configs': configs,
  'kafka-console-consumer': consoleConsumer,
  'kafka-console-producer': consoleProducer,
  'kafka-consumer-groups': consumerGroups,
  'kafka-get-offsets': getOffsets,
  'kafka-ready': kafkaReady,
  'kafka-topics': topics,
  cub,
  nc: portCheck,
};

/** Whose tools these stand in for; scripts compare it. */
const KAFKA_VERSION = '4.4.0';

export const kafkaTools: readonly string[] = Object.keys(TOOLS);

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
