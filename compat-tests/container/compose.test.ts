// What well-known compose files say of their broker, with the health checks and the commands that stand in them.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runCommand } from '../provide/command.ts';
import { inspect, logsOf, removeContainer, runImage, whyNoImage } from './image.ts';

const missing = await whyNoImage();

interface Environment {
  readonly what: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The image's own, unless given. */
  readonly command?: readonly string[];
  /** Each must end with 0, as in the file's health check or in an init container. */
  readonly checks: readonly string[];
  /** Where kafka-topics must find the topics. */
  readonly bootstrap: string;
  readonly topics?: readonly string[];
}

const environments: readonly Environment[] = [
  {
    what: 'apache/kafka: a single node, plain text',
    variables: {
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      KAFKA_NODE_ID: '1',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT_HOST://localhost:9092,PLAINTEXT://broker:19092',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'CONTROLLER://:29093,PLAINTEXT_HOST://:9092,PLAINTEXT://:19092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
    },
    checks: [
      '/opt/kafka/bin/kafka-topics.sh --bootstrap-server localhost:9092 --list',
      '/opt/kafka/bin/kafka-broker-api-versions.sh --bootstrap-server localhost:9092',
      'nc -z localhost 19092',
    ],
    bootstrap: 'localhost:9092',
  },
  {
    what: 'confluentinc/cp-kafka: all in one',
    variables: {
      KAFKA_NODE_ID: '1',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_JMX_PORT: '9101',
      KAFKA_JMX_HOSTNAME: 'localhost',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:29093',
      KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:29092,CONTROLLER://0.0.0.0:29093,PLAINTEXT_HOST://0.0.0.0:9092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
      CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk',
    },
    command: ['/etc/confluent/docker/run'],
    checks: [
      'kafka-topics --bootstrap-server localhost:9092 --list',
      'cub kafka-ready -b localhost:29092 1 20',
      'kafka-broker-api-versions --bootstrap-server localhost:29092',
      'bash -c "echo > /dev/tcp/localhost/9092"',
    ],
    bootstrap: 'localhost:29092',
  },
  {
    what: 'bitnami/kafka: a single node',
    variables: {
      KAFKA_CFG_NODE_ID: '0',
      KAFKA_CFG_PROCESS_ROLES: 'controller,broker',
      KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: '0@kafka:9093',
      KAFKA_CFG_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093,EXTERNAL://:9094',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:9092,EXTERNAL://localhost:9094',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CFG_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE: 'true',
      ALLOW_PLAINTEXT_LISTENER: 'yes',
      BITNAMI_DEBUG: 'false',
    },
    command: ['/opt/bitnami/scripts/kafka/run.sh'],
    checks: [
      'kafka-topics.sh --bootstrap-server localhost:9092 --list',
      '/opt/bitnami/kafka/bin/kafka-topics.sh --bootstrap-server localhost:9094 --list',
    ],
    bootstrap: 'localhost:9094',
  },
  {
    what: 'wurstmeister/kafka: topics from a variable',
    variables: {
      KAFKA_ADVERTISED_HOST_NAME: 'localhost',
      KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
      KAFKA_ADVERTISED_LISTENERS: 'INSIDE://localhost:9093,OUTSIDE://localhost:9092',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT',
      KAFKA_LISTENERS: 'INSIDE://0.0.0.0:9093,OUTSIDE://0.0.0.0:9092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
      KAFKA_CREATE_TOPICS: 'orders:3:1,customers:1:1:compact',
    },
    checks: ['kafka-topics.sh --bootstrap-server localhost:9092 --describe --topic orders'],
    bootstrap: 'localhost:9093',
    topics: ['customers', 'orders'],
  },
];

describe.skipIf(missing !== null)(`compose files${missing === null ? '' : `: ${missing}`}`, () => {
  test.each(environments)('$what', async ({ variables, command, checks, bootstrap, topics = [] }) => {
    const set = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const id = await runImage(set, command);
    onTestFinished(() => removeContainer(id));
    await vi.waitFor(async () => expect(await logsOf(id)).toContain('Kafka Server started'), { timeout: 120_000 });
    for (const check of checks) {
      const { code, stdout, stderr } = await runCommand('docker', ['exec', id, 'sh', '-c', check]);
      expect([check, code, stdout + stderr]).toEqual([check, 0, expect.any(String)]);
    }
    const tool = async (line: string): Promise<string> => {
      const { code, stdout, stderr } = await runCommand('docker', ['exec', id, 'sh', '-c', line]);
      if (code !== 0) throw new Error(`${line} ended with ${code}: ${stdout}${stderr}`);
      return stdout;
    };
    const created = await tool(`kafka-topics --bootstrap-server ${bootstrap} --create --if-not-exists --topic extra`);
    expect(created).toBe('Created topic extra.\n');
    expect(await tool(`kafka-topics --bootstrap-server ${bootstrap} --list`)).toBe(
      [...topics, 'extra']
        .sort()
        .map((name) => `${name}\n`)
        .join(''),
    );
    await tool(`echo hello | kafka-console-producer --bootstrap-server ${bootstrap} --topic extra`);
    const read = `kafka-console-consumer --bootstrap-server ${bootstrap} --topic extra --from-beginning --max-messages 1`;
    expect(await tool(read)).toBe('hello\n');
    await vi.waitFor(async () => expect(await inspect(id, '{{.State.Health.Status}}')).toBe('healthy'), {
      timeout: 120_000,
    });
    expect((await logsOf(id)).split('\n').filter((line) => line.includes('ERROR'))).toEqual([]);
  });
});
