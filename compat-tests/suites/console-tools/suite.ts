/** Apache Kafka's own command line tools: what each prints. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KAFKA_VERSION, runTool } from '../../../scripts/kafka/index.ts';
import { javaVersion } from '../../brokers/kafka.ts';
import { Report } from '../report.ts';
import { Missing, type Area, type Suite } from '../suite.ts';

/** How long a consumer waits for its last message, which is there; a busy machine may need it to start. */
const PATIENCE_MS = '90000';

export const consoleTools: Suite = {
  name: 'console-tools',
  prepare: async () => {
    if (javaVersion() === null) throw new Missing('needs Java 17 or later');
    return {
      title: `console tools ${KAFKA_VERSION}`,
      run: async (bootstrap, run) => {
        const report = new Report();
        const directory = mkdtempSync(join(tmpdir(), 'compat-tools-'));
        try {
          for (const { area, name, tool, args, input, only } of cases(run, directory)) {
            const at = tool === 'cluster' ? 1 : 0; // its sub-command goes first
            const asked = [...args.slice(0, at), '--bootstrap-server', bootstrap, ...args.slice(at)];
            await report.case(area, name, async () => {
              const { output } = await runTool(tool, asked, { input, timeoutMs: 240_000 });
              return neutral(output, only);
            });
          }
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
        return report.text();
      },
    };
  },
};

interface ToolCase {
  readonly area: Area;
  readonly name: string;
  readonly tool: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** Only these lines count. */
  readonly only?: RegExp;
}

/** Without ids, times and columns that are padded to them, in an order. */
function neutral(output: string, only = /./): string {
  const lines = output
    .split('\n')
    .filter((line) => only.test(line) && !/^(WARN|\[?20\d\d-|SLF4J|Picked up)/.test(line))
    .map((line) =>
      line
        .replace(/TopicId: \S+/, 'TopicId: ID')
        .replace('min.insync.replicas=1,', '') // Kafka's own, by how it was formatted
        .replace(/Epoch: \d+$/, 'Epoch: N')
        .replace(/"avg_throughput":[\d.]+/, '"avg_throughput":N')
        .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
        .replaceAll(/(CreateTime|timestamp)[":]+\d{13}/g, '$1:TIME')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
  return lines.sort((a, b) => a.localeCompare(b)).join(' / ');
}

function cases(run: string, directory: string): ToolCase[] {
  const topic = `${run}-tools`;
  const group = `${run}-group`;
  const records = join(directory, 'records.json');
  writeFileSync(records, `{"partitions":[{"topic":"${topic}","partition":0,"offset":1}],"version":1}`);
  const print = ['key', 'headers', 'offset', 'partition', 'timestamp'].flatMap((each) => [
    '--formatter-property',
    `print.${each}=true`,
  ]);
  const reset = (name: string, ...how: string[]): ToolCase => ({
    area: 'offsets',
    name: `consumer-groups --reset-offsets ${name}`,
    tool: 'consumer-groups',
    args: ['--group', group, '--reset-offsets', '--topic', topic, ...how, '--execute'],
  });
  const tool = (
    area: Area,
    name: string,
    which: string,
    args: readonly string[],
    more: Partial<ToolCase> = {},
  ): ToolCase => ({
    area,
    name: `${which} ${name}`,
    tool: which,
    args,
    ...more,
  });
  const consume = ['--topic', topic, '--from-beginning', '--max-messages', '3', '--timeout-ms', PATIENCE_MS];
  return [
    tool('admin', '--create', 'topics', [
      '--create',
      '--topic',
      topic,
      '--partitions',
      '2',
      '--replication-factor',
      '1',
    ]),
    tool('admin', '--create, again', 'topics', ['--create', '--topic', topic], { only: /already exists/ }),
    tool('admin', '--describe', 'topics', ['--describe', '--topic', topic], { only: /PartitionCount|Leader/ }),
    tool(
      'produce',
      'with keys and headers, zstd',
      'console-producer',
      [
        '--topic',
        topic,
        '--compression-codec',
        'zstd',
        ...['parse.key=true', 'parse.headers=true'].flatMap((each) => ['--reader-property', each]),
      ],
      { input: 'h1:a,h2:b\tk1\tv1\nh1:c\tk2\tv2\nh3:d\tk3\tv3\n' },
    ),
    tool('consume', 'everything of a record', 'console-consumer', [...consume, ...print]),
    tool(
      'consume',
      '--partition and --offset',
      'console-consumer',
      ['--topic', topic, '--partition', '0', '--offset', '0', '--timeout-ms', '5000'],
      { only: /v\d/ },
    ),
    tool(
      'groups',
      '--group and --include',
      'console-consumer',
      [
        '--include',
        `${topic}.*`,
        '--group',
        group,
        '--from-beginning',
        '--max-messages',
        '3',
        '--timeout-ms',
        PATIENCE_MS,
      ],
      { only: /^v\d/ },
    ),
    ...['--offsets', '--state', '--members'].map((what) =>
      tool('groups', `--describe ${what}`, 'consumer-groups', ['--describe', '--group', group, what]),
    ),
    tool('groups', '--list --state', 'consumer-groups', ['--list', '--state'], { only: new RegExp(group) }),
    reset('--to-earliest', '--to-earliest'),
    reset('--to-offset', '--to-offset', '1'),
    reset('--to-latest', '--to-latest'),
    reset('--shift-by', '--shift-by', '-1'),
    reset('--to-datetime', '--to-datetime', '2020-01-01T00:00:00.000'),
    reset('--by-duration', '--by-duration', 'PT1H'),
    reset('--to-current', '--to-current'),
    tool('offsets', '--delete-offsets', 'consumer-groups', ['--delete-offsets', '--group', group, '--topic', topic]),
    tool('groups', '--delete', 'consumer-groups', ['--delete', '--group', group]),
    ...['-1', '-2', '-3', 'earliest-local', 'latest-tiered'].map((time) =>
      tool('offsets', `--time ${time}`, 'get-offsets', ['--topic', topic, '--time', time]),
    ),
    tool('admin', '', 'delete-records', ['--offset-json-file', records]),
    tool(
      'produce',
      '200 messages',
      'verifiable-producer',
      ['--topic', topic, '--max-messages', '200', '--acks', '-1'],
      { only: /tool_data/ },
    ),
    tool('admin', '--alter --partitions', 'topics', ['--alter', '--topic', topic, '--partitions', '4']),
    tool('admin', '--add-config', 'configs', [
      '--alter',
      '--topic',
      topic,
      '--add-config',
      'retention.ms=1000000,cleanup.policy=[compact,delete]',
    ]),
    tool('admin', '--describe', 'configs', ['--describe', '--topic', topic]),
    tool('admin', '--delete-config', 'configs', ['--alter', '--topic', topic, '--delete-config', 'retention.ms']),
    tool('admin', '--describe', 'log-dirs', ['--describe', '--topic-list', topic], { only: /^Querying|^Received/ }),
    tool('admin', '', 'broker-api-versions', [], {
      only: /^\s*(Produce|Fetch|Metadata|OffsetCommit|JoinGroup|ApiVersions|EndTxn)\(/,
    }),
    tool('admin', 'describe --status', 'metadata-quorum', ['describe', '--status'], {
      only: /^(LeaderId|MaxFollowerLag):/,
    }),
    tool('admin', 'describe', 'features', ['describe'], { only: /^Feature: (metadata|group|transaction)\.version/ }),
    tool('admin', '--preferred', 'leader-election', ['--election-type', 'preferred', '--all-topic-partitions'], {
      only: /^(Error|Exception)/,
    }),
    tool('transactions', 'list', 'transactions', ['list'], { only: /TransactionalId/ }),
    tool('admin', 'cluster-id', 'cluster', ['cluster-id'], { only: /^Nothing/ }),
    tool('admin', '--delete', 'topics', ['--delete', '--topic', topic]),
    tool('admin', '--list', 'topics', ['--list'], { only: new RegExp(topic) }),
  ];
}
