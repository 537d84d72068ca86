/** What `kafka-storage` tells: of log directories (`info`), and of features (`version-mapping`, `feature-dependencies`). Kafka's words. */
import { join, normalize } from 'node:path';
import {
  hasLevel,
  initialLevelsAt,
  metadataVersionName,
  metadataVersionNames,
  metadataVersionOf,
  neededMetadataVersion,
  NEWEST_METADATA_VERSION,
} from '../../../cluster/features-by-release.ts';
import { parseProperties } from '../../../config/properties.ts';
import { nodeFiles } from '../../../platform/files.ts';
import { printLine, type Terminal } from '../../terminal.ts';
import { CommandError } from '../../usage.ts';

export const META_PROPERTIES = 'meta.properties';
const UUID_BYTES = 16;
const METADATA_VERSION = 'metadata.version';

/** Answers the exit code: 1 where there is a problem. */
export async function info(directories: readonly string[], terminal: Terminal): Promise<number> {
  const paths = [...new Set(directories)].toSorted().map((path) => normalize(path).replace(/(.)\/$/, '$1'));
  const found = paths.filter((path) => nodeFiles.exists(path) && nodeFiles.isDirectory(path));
  const problems: string[] = [];
  let first: MetaProperties | null = null;
  for (const path of paths) {
    const read = readDirectory(path);
    if (typeof read === 'string') problems.push(read);
    else if (first === null) first = read;
    else if (first['cluster.id'] !== read['cluster.id'])
      problems.push('Mismatched cluster IDs between storage directories.');
    else if (nodeIdOf(first) !== nodeIdOf(read)) problems.push('Mismatched node IDs between storage directories.');
  }
  if (first?.version === '0') {
    problems.push(
      'The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted for legacy mode.',
    );
  }
  const lines = [
    ...section(found.length === 1 ? 'Found log directory:' : 'Found log directories:', found),
    ...(first === null ? [] : [`Found metadata: {${textOf(first)}}`, '']),
    ...section(problems.length === 1 ? 'Found problem:' : 'Found problems:', problems),
  ];
  for (const line of lines) await printLine(terminal, line);
  return problems.length === 0 ? 0 : 1;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

/** In the order of their names. */
interface MetaProperties {
  readonly 'broker.id'?: string;
  readonly 'cluster.id'?: string;
  readonly 'directory.id'?: string;
  readonly 'node.id'?: string;
  readonly version: string;
}

function textOf(properties: MetaProperties): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

function nodeIdOf(properties: MetaProperties): string | undefined {
  return properties['node.id'] ?? properties['broker.id'];
}

/** What a directory says of itself; a text says why it says nothing. */
function readDirectory(path: string): MetaProperties | string {
  if (!nodeFiles.exists(path)) return `${path} does not exist`;
  if (!nodeFiles.isDirectory(path)) return `${path} is not a directory`;
  const file = join(path, META_PROPERTIES);
  if (!nodeFiles.exists(file)) return `${path} is not formatted.`;
  const read = propertiesIn(nodeFiles.readAll(file).toString());
  return typeof read === 'string' ? `Error loading ${file}: ${read}` : read;
}

function propertiesIn(text: string): MetaProperties | string {
  const values = parseProperties(text);
  const version = (values.get('version') ?? '0').trim();
  if (!/^[+-]?\d+$/.test(version)) return `Invalid meta.properties version string '${values.get('version')}'`;
  if (Number(version) > 1 || Number(version) < 0) return `Unknown meta.properties version number ${Number(version)}`;
  const isLegacy = Number(version) === 0;
  const id = isLegacy ? 'broker.id' : 'node.id';
  const nodeId = values.get(id);
  if (nodeId === undefined && !isLegacy) return `Failed to find ${id}`;
  if (nodeId !== undefined && !/^[+-]?\d+$/.test(nodeId)) return `Unable to read ${id} as a base-10 number.`;
  const directoryId = values.get('directory.id');
  const bytes = Buffer.from(directoryId ?? '', 'base64url').length;
  if (directoryId !== undefined && bytes !== UUID_BYTES) {
    return (
      `Unable to read directory.id as a Uuid: Input string \`${directoryId}\` decoded as ${bytes} bytes, ` +
      `which is not equal to the expected ${UUID_BYTES} bytes of a base64-encoded UUID`
    );
  }
  if (!isLegacy && !values.has('cluster.id')) return 'cluster.id was not found.';
  const known = (key: string) => (values.has(key) ? { [key]: values.get(key)! } : {});
  const node = nodeId === undefined ? {} : { [id]: String(Number(nodeId)) };
  return {
    ...(isLegacy ? node : {}),
    ...known('cluster.id'),
    ...known('directory.id'),
    ...(isLegacy ? {} : node),
    version: String(Number(version)),
  };
}

/** Of a release, or of the newest. @throws {CommandError} where there is no such release */
export async function versionMapping(release = NEWEST_METADATA_VERSION, terminal: Terminal): Promise<void> {
  const level = metadataVersionOf(release);
  if (level === undefined) {
    const names = metadataVersionNames.join(', ');
    throw new CommandError(`Unknown metadata.version '${release}'. Supported metadata.version are: ${names}`);
  }
  await printLine(terminal, `${METADATA_VERSION}=${level} (${release})`);
  for (const [feature, its] of initialLevelsAt(level)) await printLine(terminal, `${feature}=${its}`);
}

/** @throws {CommandError} at the first that is none */
export async function featureDependencies(texts: readonly string[], terminal: Terminal): Promise<void> {
  for (const text of texts) for (const line of dependenciesOf(text)) await printLine(terminal, line);
}

function dependenciesOf(text: string): string[] {
  const equals = text.indexOf('=');
  if (equals < 0) {
    throw new CommandError(
      `Invalid feature format: ${text}. Expected format: 'feature=version' (e.g. 'group.version=1')`,
    );
  }
  const [feature, version] = [text.slice(0, equals), text.slice(equals + 1)];
  const level = Number(version);
  if (!/^[+-]?\d+$/.test(version) || level !== (level << 16) >> 16) {
    throw new CommandError(`Invalid version format: ${version} for feature ${feature}`);
  }
  const isKnown = hasLevel(feature, level);
  if (isKnown === undefined) throw new CommandError(`Unknown feature: ${feature}`);
  const isMetadata = feature === METADATA_VERSION;
  if (!isKnown) {
    const what = isMetadata
      ? `Unknown ${METADATA_VERSION} ${level}`
      : `Feature level ${level} is not supported for feature ${feature}`;
    throw new CommandError(what);
  }
  const name = isMetadata ? ` (${metadataVersionName(level)})` : '';
  const needed = neededMetadataVersion(feature, level);
  if (needed === null) return [`${feature}=${level}${name} has no dependencies.`];
  return [`${feature}=${level} requires:`, `    ${METADATA_VERSION}=${needed} (${metadataVersionName(needed)})`];
}
