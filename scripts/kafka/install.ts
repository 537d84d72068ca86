/**
 * Fetches the jars of Apache Kafka (broker, tools, Connect, Streams) once, so that Ottla can be compared with it:
 * `const { classpath } = await install();`. A file of jars/ for each version says which, and what each must hash to; the
 * environment variable KAFKA_VERSION names an older one. Java alone has to be there, Maven has not. Run as a program it prints
 * the class path.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import kafka431 from './jars/4.3.1.json' with { type: 'json' };
import kafka440 from './jars/4.4.0.json' with { type: 'json' };

/** By version, the newest first. Of 4.4.0 Maven has no kafka-shell: that of 4.3.1 stands in. */
export const pinnedVersions: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map(
  [kafka440, kafka431].map(({ version, jars }) => [version, jars]),
);

/** The Apache Kafka that Ottla is compared with: the newest pinned one, or the one named in the environment. */
export const KAFKA_VERSION = process.env['KAFKA_VERSION'] ?? kafka440.version;

export interface Kafka {
  readonly version: string;
  /** Paths of all jars. */
  readonly jars: readonly string[];
  /** For `java -cp`. */
  readonly classpath: string;
}

const CENTRAL = 'https://repo.maven.apache.org/maven2';
const AT_ONCE = 6;
const TRIES = 3;

let installing: Promise<Kafka> | undefined;

/**
 * Jars come from the cache of an earlier run, from Maven's own repository on this machine, or from Maven Central; where that
 * is out of reach, name a mirror: MAVEN_REPO=https://…, or a <mirror> of central in Maven's settings.xml.
 * @throws when a jar cannot be had or is not the one that was pinned
 */
export function install(): Promise<Kafka> {
  installing ??= installVersion(KAFKA_VERSION);
  return installing;
}

/** The same for one of the pinned versions, whatever the environment names. */
export async function installVersion(version: string): Promise<Kafka> {
  const pins = pinnedVersions.get(version);
  if (pins === undefined) {
    throw new Error(`KAFKA_VERSION=${version} is not pinned: choose one of ${[...pinnedVersions.keys()].join(', ')}`);
  }
  const jars = await installJars(`kafka-${version}`, pins);
  return { version, jars, classpath: jars.join(delimiter) };
}

/**
 * The same for any jars: into the cache's directory `name`, each 'group:artifact:version' (and a classifier where it has one) with its
 * SHA-256.
 * @returns their paths
 */
export async function installJars(name: string, pins: Readonly<Record<string, string>>): Promise<string[]> {
  const directory = join(cacheDirectory(), name);
  mkdirSync(directory, { recursive: true });
  const wanted = Object.entries(pins);
  const jars = wanted.map(([coordinates]) => join(directory, basename(mavenPath(coordinates))));
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < wanted.length) {
      const at = next++;
      // A jar gets its name here only once it is checked.
      if (!existsSync(jars[at])) await fetchJar(wanted[at][0], wanted[at][1], jars[at]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return jars;
}

/** Where what is fetched once stays, shared by all checkouts of a user. */
export function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ottla');
}

async function fetchJar(coordinates: string, sha256: string, to: string): Promise<void> {
  const path = mavenPath(coordinates);
  const local = join(homedir(), '.m2', 'repository', path);
  if (existsSync(local)) {
    const bytes = readFileSync(local);
    if (hashOf(bytes) === sha256) return keep(bytes, to);
  }
  const url = `${repository()}/${path}`;
  const bytes = await download(url);
  if (hashOf(bytes) !== sha256) throw new Error(`${url} is not the jar that was pinned: its SHA-256 differs`);
  keep(bytes, to);
}

async function download(url: string): Promise<Buffer> {
  for (let turn = 1; ; turn++) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`status ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    } catch (error) {
      if (turn < TRIES) continue;
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? cause.message : message;
      throw new Error(`${url} cannot be fetched (${why}): is there a mirror to name in MAVEN_REPO?`, {
        cause: error,
      });
    }
  }
}

/** Complete or not at all, though another process may be at it too. */
function keep(bytes: Buffer, to: string): void {
  const temporary = `${to}.${process.pid}`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, to);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** 'group.name:artifact:version' or 'group.name:artifact:version:classifier' to where a Maven repository keeps it. */
export function mavenPath(coordinates: string): string {
  const [group, artifact, version, classifier] = coordinates.split(':');
  const name = [artifact, version, ...(classifier === undefined ? [] : [classifier])].join('-');
  return `${group.replaceAll('.', '/')}/${artifact}/${version}/${name}.jar`;
}

function repository(): string {
  const settings = join(homedir(), '.m2', 'settings.xml');
  const mirror = existsSync(settings) ? mirrorOfCentral(readFileSync(settings, 'utf8')) : null;
  return (process.env['MAVEN_REPO'] ?? mirror ?? CENTRAL).replace(/\/+$/, '');
}

/** The address that Maven's settings put in the place of central, or null. */
export function mirrorOfCentral(settings: string): string | null {
  const text = settings.replaceAll(/<!--[\s\S]*?-->/g, '');
  for (const [, mirror] of text.matchAll(/<mirror>([\s\S]*?)<\/mirror>/g)) {
    const of = /<mirrorOf>\s*(.*?)\s*<\/mirrorOf>/.exec(mirror)?.[1].split(/\s*,\s*/) ?? [];
    const url = /<url>\s*(.*?)\s*<\/url>/.exec(mirror)?.[1];
    const fits = of.some((name) => ['*', 'central', 'external:*'].includes(name)) && !of.includes('!central');
    if (fits && url !== undefined) return url;
  }
  return null;
}

if (import.meta.main) {
  const { classpath } = await install();
  process.stdout.write(`${classpath}\n`);
}
