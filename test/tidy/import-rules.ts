import { importsOf, isCode, target } from './source-file.ts';
import type { SourceFile } from './source-file.ts';

/**
 * Who may import whom: a place, and the places below it in the one-way flow. A place is a folder or a file; the longest
 * that fits a path counts. Every place may import itself, node: modules (see the seam) and installed packages.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  'src/platform': [],
  'src/config': [],
  'src/patterns': [],
  // What is shown of a broker, worked out of plain data; nothing in here knows where the data is from.
  'src/insight': ['src/config/did-you-mean.ts'],
  'src/log': ['protocol', 'src/platform', 'src/config'],
  'src/partitions': ['src/log', 'protocol', 'src/platform', 'src/config'],
  'src/cluster': ['src/partitions', 'protocol', 'src/platform', 'src/config'],
  'src/etcd': ['src/platform'],
  'src/peers': ['src/cluster', 'protocol', 'src/platform', 'src/config'],
  'src/replication': ['src/peers', 'src/cluster', 'src/partitions', 'protocol', 'src/platform', 'src/config'],
  'src/controllers': ['src/etcd', 'src/cluster', 'protocol', 'src/platform', 'src/config'],
  'src/coordination': ['src/partitions', 'protocol', 'src/platform', 'src/config'],
  'src/share': ['src/coordination', 'src/cluster', 'src/partitions', 'protocol', 'src/platform', 'src/config'],
  'src/groups': [
    'src/share/share-state.ts', // types alone: the calls are given to groups
    'src/coordination',
    'src/partitions',
    'src/patterns',
    'protocol',
    'src/platform',
    'src/config',
  ],
  'src/transactions': [
    'src/coordination',
    'src/groups',
    'src/partitions',
    'src/cluster',
    'src/patterns',
    'protocol',
    'src/platform',
    'src/config',
  ],
  'src/security': ['src/cluster', 'protocol', 'src/platform', 'src/config'],
  // What people connect with: certificates, and users as settings have them.
  'src/credentials': ['protocol', 'src/platform', 'src/config'],
  'src/apis': [
    'src/controllers',
    'src/partitions',
    'src/cluster',
    'src/coordination',
    'src/groups',
    'src/share',
    'src/transactions',
    'src/security',
    'protocol',
    'src/platform',
    'src/config',
  ],
  'src/net': ['src/apis', 'src/security', 'protocol', 'src/platform', 'src/config'],
  'src/metrics': ['src/net', 'src/apis', 'src/cluster', 'src/partitions', 'protocol', 'src/platform'],
  'src/broker': [
    'src/controllers',
    'src/etcd',
    'src/replication',
    'src/peers',
    'src/metrics',
    'src/net',
    'src/apis',
    'src/transactions',
    'src/share',
    'src/groups',
    'src/coordination',
    'src/cluster',
    'src/partitions',
    'src/log',
    'src/security',
    'protocol',
    'src/platform',
    'src/config',
  ],
  'src/processes': [
    'src/broker/broker.ts',
    'src/broker/controller-process.ts',
    'src/log/directory.ts',
    'src/platform',
    'src/config',
  ],
  'src/testing': [
    'src/broker/broker.ts',
    'src/broker/member-in-process.ts', // loaded by several brokers alone
    'src/credentials',
    'src/security/acls/codes.ts',
    'src/security/acls/lines.ts',
    'src/index.ts',
    'src/insight',
    'src/net/interceptor.ts',
    'src/share/delivery-view.ts', // what in-flight records are made of
    'src/share/runs.ts',
    'src/cluster',
    'protocol',
    'src/platform',
    'src/config',
  ],
  // What tests import: a broker here, in a thread, or one that runs elsewhere.
  'src/testing/index.ts': [
    'src/testing',
    'src/remote',
    'src/insight',
    'src/credentials/certificate-authority.ts',
    'src/security/acls/lines.ts',
  ],
  'src/testing/start-broker.ts': [
    'src/testing',
    'src/remote',
    'src/control/server.ts',
    'src/page/server.ts',
    'src/broker/broker.ts',
    'src/platform',
  ],
  'src/testing/broker-thread.ts': [
    'src/page/server.ts',
    'src/testing',
    'src/control/server.ts',
    'src/broker/broker.ts',
    'src/platform',
  ],
  'src/remote': ['src/testing', 'src/insight', 'protocol', 'src/platform'],
  'src/testcontainers': ['src/remote', 'src/testing', 'src/security/acls/lines.ts', 'protocol', 'src/platform'],
  // What a browser is shown; loaded when one asks.
  'src/page': [
    'src/insight',
    'src/testing',
    'src/cluster',
    'src/partitions/offset-lookup.ts',
    'src/partitions/log-directory-of.ts',
    'src/partitions/oldest-segment.ts',
    'src/security/acls/codes.ts', // what the authorizer is asked about
    'src/broker/broker.ts',
    'protocol',
    'src/platform',
    'src/config',
  ],
  page: ['src/page/frames.ts', 'src/insight'],
  'src/control/session.ts': [
    'src/control',
    'src/security/acls/lines.ts',
    'src/page/server.ts',
    'src/testing',
    'src/broker/broker.ts',
    'protocol',
    'src/platform',
    'src/config',
  ],
  'src/control': ['src/testing', 'src/broker/broker.ts', 'protocol', 'src/platform', 'src/config'],
  'src/cli': [
    'src/processes',
    'src/control',
    'src/page/server.ts',
    'src/insight',
    'src/broker/broker.ts',
    'src/broker/controller-process.ts',
    'src/credentials',
    'src/security/acls', // as requests name them, as people write them, and what they come to
    'src/security/tls/stores.ts', // clients read the same stores
    'src/security/tls/principal-mapping.ts', // and who several processes are to one another is said before they start
    'src/security/sasl/bearer-token.ts', // and have their tokens from the same places
    'src/index.ts',
    'protocol',
    'src/platform',
    'src/config',
    'src/patterns',
  ],
  // Loaded when it is asked for: it reads etcd as controllers do.
  'src/cli/metadata-log.ts': [
    'src/cli',
    'src/broker/etcd-settings.ts',
    'src/controllers',
    'src/cluster',
    'protocol',
    'src/platform',
    'src/config',
  ],
  // The same: it writes what a controller reads.
  'src/cli/kafka-tools/storage': ['src/cli', 'src/cluster', 'protocol', 'src/platform', 'src/config'],
  src: ['protocol', 'src'],
};

/** What a place may not import although its layer may: handlers never touch files. */
export const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  'src/apis': ['src/platform/files.ts', 'src/platform/memory-files.ts', 'src/platform/network.ts'],
};

function within(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function placeOf(path: string): string | undefined {
  const places = Object.keys(LAYERS).filter((place) => within(path, place));
  return places.sort((a, b) => b.length - a.length)[0];
}

export function layerOffences(files: readonly SourceFile[]): string[] {
  return files.filter(isCode).flatMap((file) => {
    const place = placeOf(file.path);
    if (place === undefined) return [];
    const refused = FORBIDDEN[place] ?? [];
    return importsOf(file).flatMap(({ specifier }) => {
      const to = target(file, specifier);
      if (to === null) return [];
      const allowed =
        [place, ...LAYERS[place]].some((below) => within(to, below)) && !refused.some((path) => within(to, path));
      return allowed ? [] : [`${file.path} imports ${to}: ${place} is not above it`];
    });
  });
}

/** Modules that reach the outside: only src/platform opens these doors. */
const DOORS = new Set([
  'fs',
  'fs/promises',
  'net',
  'tls',
  'dgram',
  'dns',
  'dns/promises',
  'http',
  'https',
  'http2',
  'timers',
  'timers/promises',
  'perf_hooks',
  'child_process',
  'cluster',
  'worker_threads',
]);

const DICE = /^random/; // of node:crypto

const SEAM_EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'protocol/client.ts': ['net', 'tls'], // a client for tests, tools and peers is nothing without a socket
};

export function underSeam(path: string): boolean {
  return within(path, 'protocol') || (within(path, 'src') && !within(path, 'src/platform'));
}

export function doorOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file) && underSeam(file.path))
    .flatMap((file) => {
      const open = SEAM_EXCEPTIONS[file.path] ?? [];
      return importsOf(file).flatMap(({ specifier, names, typeOnly }) => {
        const name = specifier.replace(/^node:/, '');
        const door = DOORS.has(name) || (name === 'crypto' && names.some((each) => DICE.test(each)));
        return door && !typeOnly && !open.includes(name)
          ? [`${file.path} imports ${specifier}: take it as a parameter`]
          : [];
      });
    });
}

/** A project of its own, which Node does not run as it is: its compiler wants names without an ending. */
const COMPILED = 'examples/nestjs';

/** Relative imports say the whole file name and mean a file that is there; node's own modules wear their prefix. */
export function specifierOffences(files: readonly SourceFile[], builtins: readonly string[]): string[] {
  const known = new Set(files.map((file) => file.path));
  const own = files.filter((file) => isCode(file) && !within(file.path, COMPILED));
  return own.flatMap((file) =>
    importsOf(file).flatMap(({ specifier }) => {
      if (!specifier.startsWith('node:') && builtins.includes(specifier))
        return [`${file.path} imports ${specifier}: write node:${specifier}`];
      const to = target(file, specifier);
      if (to === null || to.startsWith('..') || to.startsWith('dist/')) return [];
      if (!/\.(ts|mjs|cjs|json)$/.test(to)) return [`${file.path} imports ${specifier}: write the whole file name`];
      return known.has(to) ? [] : [`${file.path} imports ${specifier}: there is no ${to}`];
    }),
  );
}

/** Each ring of files that import one another, once, as 'a -> b -> a'. Types count: a ring of types is one idea in two files. */
export function cycleOffences(files: readonly SourceFile[]): string[] {
  const edges = new Map<string, readonly string[]>();
  for (const file of files.filter(isCode)) {
    edges.set(
      file.path,
      importsOf(file).flatMap(({ specifier }) => target(file, specifier) ?? []),
    );
  }
  const done = new Set<string>();
  const rings: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) rings.push([...trail.slice(seen), path].join(' -> '));
    if (seen >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return rings;
}
