/** Kafka Connect copies a file through a topic into a file, alone and as a cluster of one worker. */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { install, KAFKA_VERSION, spawnTool } from '../../../scripts/kafka/index.ts';
import { freePort } from '../../brokers/ports.ts';
import { compiled } from '../../provide/java.ts';
import { Report } from '../report.ts';
import type { Suite } from '../suite.ts';

const PATIENCE_MS = 150_000;

export const connect: Suite = {
  name: 'connect',
  prepare: async () => {
    // Kafka's own connectors for files do not come with it from Maven.
    const classes = await compiled(
      CONNECTORS.map(({ name }) => fileURLToPath(new URL(`./${name}.java`, import.meta.url))),
      (await install()).jars,
    );
    return {
      title: `Kafka Connect ${KAFKA_VERSION}`,
      run: async (bootstrap, run) => {
        const report = new Report();
        const directory = mkdtempSync(join(tmpdir(), 'compat-connect-'));
        const here = { directory, bootstrap, run, classpath: [services(directory), classes].join(delimiter) };
        try {
          await report.case('consume', 'file to topic to file, standalone', () => standalone(here));
          await report.case('groups', 'topic to file, distributed', () => distributed(here));
        } finally {
          rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
        }
        return report.text();
      },
    };
  },
};

const CONNECTORS = [
  { name: 'LinesSource', kind: 'org.apache.kafka.connect.source.SourceConnector' },
  { name: 'LinesSink', kind: 'org.apache.kafka.connect.sink.SinkConnector' },
];

interface Here {
  readonly directory: string;
  readonly bootstrap: string;
  readonly run: string;
  readonly classpath: string;
}

/** For the class path: where Java's ServiceLoader finds the connectors by what they are. */
function services(directory: string): string {
  const folder = join(directory, 'META-INF', 'services');
  mkdirSync(folder, { recursive: true });
  for (const { name, kind } of CONNECTORS) writeFileSync(join(folder, kind), name);
  return directory;
}

const LINES = Array.from({ length: 200 }, (_, at) => `line ${at}\n`).join('');

function properties(directory: string, name: string, settings: Readonly<Record<string, string | number>>): string {
  const path = join(directory, name);
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(path, lines.join(''));
  return path;
}

async function worker(bootstrap: string): Promise<{ port: number; settings: Record<string, string | number> }> {
  const port = await freePort();
  const converter = 'org.apache.kafka.connect.storage.StringConverter';
  const settings = {
    'bootstrap.servers': bootstrap,
    'key.converter': converter,
    'value.converter': converter,
    listeners: `http://127.0.0.1:${port}`,
    'plugin.discovery': 'service_load',
    'offset.flush.interval.ms': 1000,
  };
  return { port, settings };
}

/** Runs a worker while `act` does. */
async function running<T>(
  tool: string,
  classpath: string,
  files: readonly string[],
  act: () => Promise<T>,
): Promise<T> {
  const child = await spawnTool(tool, files, { jvm: ['-Dorg.apache.logging.log4j.level=OFF'], classpath });
  child.stdout!.resume();
  child.stderr!.resume();
  const ended = once(child, 'exit');
  try {
    return await act();
  } finally {
    child.kill('SIGKILL'); // neither its offsets nor its topics are wanted any more
    await ended;
  }
}

async function standalone({ directory, bootstrap, run, classpath }: Here): Promise<string> {
  const [from, to] = [join(directory, 'in.txt'), join(directory, 'out.txt')];
  writeFileSync(from, LINES);
  const { settings } = await worker(bootstrap);
  const files = [
    properties(directory, 'worker', { ...settings, 'offset.storage.file.filename': join(directory, 'offsets') }),
    properties(directory, 'source', {
      name: 'source',
      'connector.class': 'LinesSource',
      'tasks.max': 1,
      file: from,
      topic: `${run}-connect`,
    }),
    properties(directory, 'sink', sink(to, run)),
  ];
  return running('connect-standalone', classpath, files, () => arrived(to));
}

function sink(file: string, run: string): Record<string, string> {
  return { name: 'sink', 'connector.class': 'LinesSink', 'tasks.max': '1', file, topics: `${run}-connect` };
}

async function distributed({ directory, bootstrap, run, classpath }: Here): Promise<unknown> {
  const to = join(directory, 'out-distributed.txt');
  const { port, settings } = await worker(bootstrap);
  const topics = Object.fromEntries(
    ['offset', 'config', 'status'].flatMap((kind) => [
      [`${kind}.storage.topic`, `${run}-connect-${kind}`],
      [`${kind}.storage.replication.factor`, 1],
    ]),
  );
  const file = properties(directory, 'distributed', { ...settings, ...topics, 'group.id': `${run}-connect` });
  return running('connect-distributed', classpath, [file], async () => {
    const url = `http://127.0.0.1:${port}/connectors`;
    await until(async () => (await fetch(url).catch(() => null))?.ok === true);
    const { name: _, ...config } = sink(to, run);
    const body = JSON.stringify({ name: 'sink', config });
    const made = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const copied = await arrived(to);
    const status = (await (await fetch(`${url}/sink/status`)).json()) as {
      connector: { state: string };
      tasks: object[];
    };
    return [made.status, copied, status.connector.state, status.tasks.length];
  });
}

async function arrived(file: string): Promise<string> {
  await until(async () => existsSync(file) && readFileSync(file, 'utf8').length >= LINES.length);
  return readFileSync(file, 'utf8') === LINES ? 'the same' : 'something else';
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error('waited in vain');
    await wait(100);
  }
}
