/**
 * Kafka's own message definitions (JSON with comments), to compare the tables with: from a directory of reference data
 * beside this repository, or from the jars of the release in Maven's local repository, which OTTLA_ONLINE_TESTS=1 lets
 * Maven fetch.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

export const KAFKA_VERSION = '4.4.0';

export interface FieldDefinition {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly tag?: number;
  readonly default?: string | number | boolean | null;
  readonly fields?: readonly FieldDefinition[];
}

export interface MessageDefinition {
  readonly name: string;
  readonly type: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly latestVersionUnstable?: boolean;
  readonly fields?: readonly FieldDefinition[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly FieldDefinition[] }[];
}

export interface ApiFacts {
  readonly key: number;
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly flexibleFrom: number | null;
}

export interface ErrorFacts {
  readonly code: number;
  readonly name: string;
  readonly retriable: boolean;
}

export interface KafkaDefinitions {
  readonly messages: ReadonlyMap<string, MessageDefinition>;
  /** What a live broker answers to ApiVersions; undefined where only jars are at hand. */
  readonly apis?: readonly ApiFacts[];
  readonly errors?: readonly ErrorFacts[];
}

const ARTIFACTS = [
  'kafka-clients',
  'kafka-group-coordinator',
  'kafka-transaction-coordinator',
  'kafka-share-coordinator',
  'kafka-metadata',
  'kafka-storage',
];

/** undefined: there are none here. */
export function kafkaDefinitions(): KafkaDefinitions | undefined {
  const directory = join(import.meta.dirname, '../../../shared/kafka-protocol-4.4');
  return existsSync(directory) ? fromDirectory(directory) : fromJars();
}

function fromDirectory(directory: string): KafkaDefinitions {
  const folders = ['messages', ...readdirSync(join(directory, 'records')).map((name) => join('records', name))];
  const texts = folders.flatMap((folder) =>
    readdirSync(join(directory, folder))
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(directory, folder, name), 'utf8')),
  );
  const facts = (name: string): unknown => JSON.parse(readFileSync(join(directory, name), 'utf8'));
  return {
    messages: byName(texts),
    apis: (facts('api-versions.json') as { apis: ApiFacts[] }).apis,
    errors: (facts('errors.json') as { errors: ErrorFacts[] }).errors,
  };
}

function fromJars(): KafkaDefinitions | undefined {
  const jars = ARTIFACTS.map((artifact) =>
    join(homedir(), '.m2/repository/org/apache/kafka', artifact, KAFKA_VERSION, `${artifact}-${KAFKA_VERSION}.jar`),
  );
  if (process.env.OTTLA_ONLINE_TESTS !== undefined) {
    for (const [i, artifact] of ARTIFACTS.entries()) {
      if (existsSync(jars[i])) continue;
      const coordinates = `-Dartifact=org.apache.kafka:${artifact}:${KAFKA_VERSION}`;
      execFileSync('mvn', ['-q', '-B', 'dependency:get', coordinates, '-Dtransitive=false'], { stdio: 'inherit' });
    }
  }
  if (!jars.every((jar) => existsSync(jar))) return undefined;
  const texts = jars
    .flatMap((jar) => filesOfZip(readFileSync(jar)))
    .filter(({ name }) => /(?:^|\/)(?:message|metadata)\/\w+\.json$/.test(name))
    .map(({ content }) => content().toString());
  return { messages: byName(texts) };
}

function byName(texts: readonly string[]): ReadonlyMap<string, MessageDefinition> {
  return new Map(
    texts.map((text) => {
      const uncommented = text.replaceAll(/^\s*\/\/.*$|\s\/\/[^"\n]*$|\/\*[^]*?\*\//gm, '');
      const definition = JSON.parse(uncommented.replaceAll(/,(\s*[\]}])/g, '$1')) as MessageDefinition;
      return [definition.name, definition];
    }),
  );
}

/** The central directory at the end of a zip names its files and where they lie. */
function filesOfZip(zip: Buffer): { name: string; content: () => Buffer }[] {
  const end = zip.lastIndexOf(Buffer.from('504b0506', 'hex'));
  const files: { name: string; content: () => Buffer }[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const method = zip.readUInt16LE(at + 10);
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    files.push({
      name,
      content: () => {
        const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
        const stored = zip.subarray(start, start + size);
        return method === 0 ? stored : inflateRawSync(stored);
      },
    });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}
