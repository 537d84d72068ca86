/** etcd for compose files: its own image, or one of the etcd that tests bring, on the base of ours. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcds } from '../../scripts/etcd/install.ts';
import { mustRun } from '../provide/command.ts';
import { baseOf, isToBeHad } from './image.ts';

const MADE = 'ottla-test-etcd';

/** The name of one that is here: `wanted`, or another in its place. */
export async function etcdImage(wanted: string): Promise<string> {
  if (await isToBeHad(wanted)) return wanted;
  const newest = etcds().at(-1);
  if (newest === undefined) throw new Error(`${wanted} cannot be pulled, and there is no etcd here`);
  const room = mkdtempSync(join(tmpdir(), 'ottla-etcd-image-'));
  try {
    cpSync(newest.path, join(room, 'etcd'), { dereference: true });
    writeFileSync(join(room, 'Dockerfile'), `FROM ${await baseOf()}\nCOPY etcd /usr/local/bin/etcd\n`);
    const env = { ...process.env, DOCKER_BUILDKIT: '0' };
    await mustRun('docker', ['build', '-t', `${MADE}:${newest.version}`, room], { env });
    return `${MADE}:${newest.version}`;
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}
