/**
 * Brings etcd for tests: `await etcds()` answers the ones that can be had here, each with its version. The system's own first
 * (PATH), else Debian's package (apt-get download, unpacked, not installed); beside it a current one, built by Go from its module
 * proxy. Both stay in the user's cache.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../kafka/install.ts';

export interface Etcd {
  readonly version: string;
  /** Of the program. */
  readonly path: string;
}

/** The newest that etcd's own module proxy had when this was written. */
const CURRENT = '3.6.16';
const MINUTE_MS = 60_000;

/** Without those that cannot be had; `say` is told why. */
export function etcds(say: (line: string) => void = () => {}): Etcd[] {
  const ways: [string, () => string][] = [
    ['etcd of the system or of Debian', () => systemEtcd() ?? debianProgram('etcd-server', 'etcd', 'etcd-debian')],
    [`etcd ${CURRENT} by Go`, () => builtEtcd()],
  ];
  return ways.flatMap(([what, bring]) => {
    try {
      const path = bring();
      return [{ path, version: versionOf(path) }];
    } catch (error) {
      say(`${what} is not to be had: ${(error as Error).message.split('\n', 1)[0]}`);
      return [];
    }
  });
}

function versionOf(path: string): string {
  const text = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return /etcd Version: (\S+)/.exec(text)?.[1] ?? 'unknown';
}

function systemEtcd(): string | null {
  try {
    versionOf('etcd');
    return 'etcd';
  } catch {
    return null;
  }
}

/** A program of one of its packages, which is unpacked, and not installed. */
function debianProgram(archiveName: string, program: string, kept: string): string {
  const path = join(cacheDirectory(), kept);
  if (existsSync(path)) return path;
  return inRoom((room) => {
    run('apt-get', ['download', archiveName], room);
    const [archive] = readdirSync(room).filter((name) => name.endsWith('.deb'));
    run('dpkg-deb', ['-x', archive, 'unpacked'], room);
    return keep(join(room, 'unpacked/usr/bin', program), path);
  });
}

/** `etcdctl` of the system, else of Debian. @throws where neither can be had */
export function etcdctl(): string {
  try {
    execFileSync('etcdctl', ['version'], { stdio: 'ignore' });
    return 'etcdctl';
  } catch {
    return debianProgram('etcd-client', 'etcdctl', 'etcdctl-debian');
  }
}

/** Its main package cannot be installed by `go install` (it replaces modules); its server can be had as a library. */
function builtEtcd(): string {
  const path = join(cacheDirectory(), `etcd-${CURRENT}`);
  if (existsSync(path)) return path;
  return inRoom((room) => {
    const library = 'go.etcd.io/etcd/server/v3';
    writeFileSync(join(room, 'go.mod'), `module etcd\n\ngo 1.25\n\nrequire ${library} v${CURRENT}\n`);
    writeFileSync(
      join(room, 'main.go'),
      `package main\n\nimport (\n\t"os"\n\n\t"${library}/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n`,
    );
    run('go', ['mod', 'tidy'], room);
    run('go', ['build', '-o', 'built', '.'], room);
    return keep(join(room, 'built'), path);
  });
}

function inRoom(work: (room: string) => string): string {
  const room = mkdtempSync(join(tmpdir(), 'ottla-etcd-'));
  try {
    return work(room);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 15 * MINUTE_MS });
}

function keep(from: string, to: string): string {
  mkdirSync(cacheDirectory(), { recursive: true });
  try {
    renameSync(from, to);
  } catch {
    execFileSync('cp', [from, to]); // another file system
  }
  return to;
}

if (import.meta.filename === process.argv[1]) {
  for (const { version, path } of etcds((line) => void process.stderr.write(`etcd: ${line}\n`))) {
    process.stdout.write(`${version} ${path}\n`);
  }
}
