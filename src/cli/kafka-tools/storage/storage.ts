/**
 * `kafka-storage`: formats log directories with a cluster's id and its first users, as Kafka's own tool does, and tells of them. A broker
 * formats what is not formatted by itself: only who wants an id or users of their own needs it.
 */
import { dirname, join } from 'node:path';
import {
  FEWEST_ITERATIONS,
  isScram,
  MOST_ITERATIONS,
  saltedPassword,
  SCRAM_MECHANISMS,
  scramKeys,
  type ScramMechanism,
} from '../../../../protocol/sasl/scram.ts';
import { initialFeatures } from '../../../cluster/features.ts';
import { NEWEST_METADATA_VERSION } from '../../../cluster/features-by-release.ts';
import type { DraftOf, MetadataDraft } from '../../../cluster/metadata-records.ts';
import { encodeSnapshot } from '../../../cluster/metadata-snapshot.ts';
import { readEnvironment } from '../../../config/environment.ts';
import { parseProperties } from '../../../config/properties.ts';
import { serverConfig } from '../../../config/server.ts';
import { combineSettings } from '../../../config/settings.ts';
import { nodeFiles } from '../../../platform/files.ts';
import { randomUuid, systemRandom } from '../../../platform/random.ts';
import { printLine, type Terminal } from '../../terminal.ts';
import { CommandError, UsageError } from '../../usage.ts';
import { readFlags, SHARED, type Flags } from '../flags.ts';
import { STORAGE_FLAGS } from '../storage-flags.ts';
import { featureDependencies, info, META_PROPERTIES, versionMapping } from './lookup.ts';

const SHORT: Readonly<Record<string, string>> = {
  '-t': '--cluster-id',
  '-c': '--config',
  '-S': '--add-scram',
  '-g': '--ignore-formatted',
  '-s': '--standalone',
  '-N': '--no-initial-controllers',
  '-I': '--initial-controllers',
  '-r': '--release-version',
  '-f': '--feature',
  '-h': '--help',
};
const SALT_BYTES = 26;

export async function storage(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(
    args.map((arg) => SHORT[arg] ?? arg),
    STORAGE_FLAGS,
    1,
  );
  const shared = Object.keys(SHARED).find((flag) => flags.has(flag));
  if (shared !== undefined) throw new UsageError(`--${shared} has no effect here: this tool asks no broker`);
  const [name = ''] = flags.words;
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(`invalid choice: '${name}' (choose from ${Object.keys(COMMANDS).join(', ')})`);
  }
  const command = COMMANDS[name];
  const foreign = Object.keys(STORAGE_FLAGS).find((flag) => flags.has(flag) && !command.flags.includes(flag));
  if (foreign !== undefined) throw new UsageError(`--${foreign} cannot be used with ${name}`);
  return (await command.run(flags, terminal)) ?? 0;
}

interface Command {
  readonly flags: readonly string[];
  /** Answers the exit code where that is not 0. */
  readonly run: (flags: Flags, terminal: Terminal) => Promise<number | void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  info: {
    flags: ['config'],
    run: (flags, terminal) => info(placesOf(flags, terminal).directories, terminal),
  },
  format: { flags: Object.keys(STORAGE_FLAGS), run: format },
  'version-mapping': {
    flags: ['release-version'],
    run: (flags, terminal) => versionMapping(flags.get('release-version'), terminal),
  },
  'feature-dependencies': {
    flags: ['feature'],
    run: (flags, terminal) => {
      flags.need('feature');
      return featureDependencies(flags.all('feature'), terminal);
    },
  },
  'random-uuid': {
    flags: [],
    run: (_flags, terminal) => printLine(terminal, randomUuid(systemRandom)),
  },
};

async function format(flags: Flags, terminal: Terminal): Promise<void> {
  for (const flag of ['release-version', 'feature']) {
    if (flags.has(flag))
      throw new UsageError(
        `--${flag}: a new cluster has the levels of Kafka ${NEWEST_METADATA_VERSION}: change them with kafka-features`,
      );
  }
  const clusterId = flags.need('cluster-id');
  const { directories, nodeId } = placesOf(flags, terminal);
  const users = flags.all('add-scram').map(userOf);
  const formatted = directories.filter((directory) => nodeFiles.exists(join(directory, META_PROPERTIES)));
  if (formatted.length > 0 && !flags.has('ignore-formatted')) {
    throw new CommandError(
      `Log directory ${formatted[0]} is already formatted. Use --ignore-formatted to ignore this directory and format the others.`,
    );
  }
  if (formatted.length === directories.length) {
    return printLine(terminal, 'All of the log directories are already formatted.');
  }
  for (const directory of directories) {
    if (formatted.includes(directory)) continue;
    const isFirst = directory === directories[0];
    if (isFirst) write(join(directory, 'bootstrap.checkpoint'), bootstrapCheckpoint(users));
    write(join(directory, META_PROPERTIES), metaProperties(clusterId, nodeId)); // last: it says that all is there
    const kind = isFirst ? (flags.has('standalone') ? 'dynamic metadata voter' : 'metadata') : 'data';
    await printLine(
      terminal,
      `Formatting ${kind} directory ${directory} with metadata.version ${NEWEST_METADATA_VERSION}.`,
    );
  }
}

/** By the file of --config, or as the environment has it where that is not there, as in a container. @throws {UsageError} */
function placesOf(flags: Flags, terminal: Terminal) {
  const path = flags.need('config');
  const environment = readEnvironment(terminal.environment).values;
  if (!nodeFiles.exists(path) && environment.size === 0) {
    throw new UsageError(`--config ${path}: there is no such file`);
  }
  const file = nodeFiles.exists(path) ? parseProperties(nodeFiles.readAll(path).toString()) : new Map<string, string>();
  const { values } = combineSettings(file.size > 0 ? { file } : { environment });
  if (!values.has('log.dirs') && !values.has('log.dir'))
    throw new UsageError(`${path} has no log.dirs: write them there`);
  const config = serverConfig(values);
  const metadata = config['metadata.log.dir'];
  const data = config['log.dirs'] ?? config['log.dir'];
  return {
    directories: metadata === null ? data : [metadata, ...data.filter((each) => each !== metadata)],
    nodeId: config['node.id'],
  };
}

function metaProperties(clusterId: string, nodeId: number): Buffer {
  const lines = [
    `node.id=${nodeId}`,
    `directory.id=${randomUuid(systemRandom)}`,
    'version=1',
    `cluster.id=${clusterId}`,
  ];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

function bootstrapCheckpoint(users: readonly MetadataDraft[]): Buffer {
  return Buffer.concat([...encodeSnapshot([...initialFeatures(), ...users], { epoch: 0, timestamp: 0 })]);
}

function write(path: string, bytes: Buffer): void {
  nodeFiles.makeDirectory(dirname(path));
  nodeFiles.replace(path, bytes);
}

/** SCRAM-SHA-256=[name=alice,password=secret]. @throws {UsageError} in Kafka's words */
function userOf(argument: string): DraftOf<'UserScramCredentialRecord'> {
  const text = argument.trim();
  const equals = text.indexOf('=');
  if (equals < 0) throw new UsageError(`Failed to find equals sign in SCRAM argument '${text}'`);
  const mechanism = text.slice(0, equals);
  if (!isScram(mechanism)) throw new UsageError(`The add-scram mechanism ${mechanism} is not supported.`);
  const config = text.slice(equals + 1);
  if (!config.startsWith('[')) throw new UsageError('Expected configuration string to start with [');
  if (!config.endsWith(']')) throw new UsageError('Expected configuration string to end with ]');
  return credentialOf(mechanism, partsOf(config.slice(1, -1)));
}

const PARTS = ['name', 'password', 'saltedpassword', 'salt', 'iterations'];

function partsOf(text: string): ReadonlyMap<string, string> {
  const parts = new Map(
    text.split(',').map((part): [string, string] => {
      const [, name, value] = /^\s*([^=]*)=(.*)$/s.exec(part) ?? [];
      if (value === undefined) throw new UsageError(`Failed to find equals sign in SCRAM argument '${part.trim()}'`);
      const [, quoted] = /^"(.*)"$/s.exec(value.trim()) ?? [];
      return [name.trim(), quoted ?? value.trim()];
    }),
  );
  const unknown = [...parts.keys()].filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new UsageError(`Unknown SCRAM configurations: ${unknown.join(', ')}`);
  return parts;
}

function credentialOf(
  mechanism: ScramMechanism,
  parts: ReadonlyMap<string, string>,
): DraftOf<'UserScramCredentialRecord'> {
  const name = parts.get('name');
  if (name === undefined || name === '') throw new UsageError("You must supply 'name' to add-scram");
  const iterations = iterationsOf(mechanism, parts.get('iterations'));
  const salt = saltOf(parts.get('salt'));
  const salted = saltedOf(mechanism, parts, salt, iterations);
  const { code } = SCRAM_MECHANISMS[mechanism];
  return {
    type: 'UserScramCredentialRecord',
    name,
    mechanism: code,
    salt,
    iterations,
    ...scramKeys(mechanism, salted),
  };
}

function iterationsOf(mechanism: ScramMechanism, text: string | undefined): number {
  const iterations = text === undefined ? FEWEST_ITERATIONS : Number(text);
  const where = `for add-scram using ${mechanism.replaceAll('-', '_')}`;
  if (!(iterations >= FEWEST_ITERATIONS)) {
    throw new UsageError(`The 'iterations' value must be >= ${FEWEST_ITERATIONS} ${where}`);
  }
  if (iterations > MOST_ITERATIONS) {
    throw new UsageError(`The 'iterations' value must be <= ${MOST_ITERATIONS} ${where}`);
  }
  return iterations;
}

function saltOf(text: string | undefined): Buffer {
  if (text !== undefined) return base64('salt', text);
  const salt = Buffer.alloc(SALT_BYTES);
  systemRandom.fill(salt);
  return salt;
}

function saltedOf(
  mechanism: ScramMechanism,
  parts: ReadonlyMap<string, string>,
  salt: Buffer,
  iterations: number,
): Buffer {
  const [password, salted] = [parts.get('password'), parts.get('saltedpassword')];
  if (salted === undefined) {
    if (password !== undefined) return saltedPassword(mechanism, password, salt, iterations);
    throw new UsageError("You must supply one of 'password' or 'saltedpassword' to add-scram");
  }
  if (password !== undefined) {
    throw new UsageError("You must only supply one of 'password' or 'saltedpassword' to add-scram");
  }
  if (!parts.has('salt')) throw new UsageError("You must supply 'salt' with 'saltedpassword' to add-scram");
  return base64('saltedpassword', salted);
}

function base64(name: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > 0 && bytes.toString('base64') === text) return bytes;
  throw new UsageError(`Failed to decode given ${name}: ${text}`);
}
