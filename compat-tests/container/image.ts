/** The image under test: built from the checkout's Dockerfile, once per run. */
import { fileURLToPath } from 'node:url';
import { mustRun, runCommand } from '../provide/command.ts';

/** testcontainers modules read a version off the tag and expect that of a Kafka with KRaft. */
export const IMAGE = 'ottla-under-test:9.0.0';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const OWN_BASE = 'node:26-slim';

/** Why there is nothing to test with, or null: then IMAGE is there. */
export async function whyNoImage(): Promise<string | null> {
  if ((await runCommand('docker', ['version'])).code !== 0) return 'Docker does not answer here';
  try {
    const base = await baseOf();
    await mustRun('docker', ['build', '--network', 'host', '--build-arg', `BASE=${base}`, '-t', IMAGE, CHECKOUT], {
      // The plain builder: it is there wherever Docker is, and finds bases that were imported.
      env: { ...process.env, DOCKER_BUILDKIT: process.env.DOCKER_BUILDKIT ?? '0' },
    });
    return null;
  } catch (error) {
    if (error instanceof NoBase) return error.message;
    throw error;
  }
}

class NoBase extends Error {}

/**
 * The image with Node that ours is made on.
 * @throws NoBase
 */
export async function baseOf(): Promise<string> {
  const base = process.env.OTTLA_TEST_BASE ?? OWN_BASE;
  if (await isToBeHad(base)) return base;
  const wanted = 'a base with Node, npm and bash, and name it in OTTLA_TEST_BASE';
  throw new NoBase(`${base} cannot be pulled: import ${wanted}`);
}

/** Whether it is here, or a registry has it. */
export async function isToBeHad(image: string): Promise<boolean> {
  return (await isHere(image)) || (await runCommand('docker', ['pull', image], { timeoutMs: 120_000 })).code === 0;
}

async function isHere(image: string): Promise<boolean> {
  return (await runCommand('docker', ['image', 'inspect', image])).code === 0;
}

/** Runs the image in the background and answers with the container's id. */
export async function runImage(args: readonly string[], command: readonly string[] = []): Promise<string> {
  return (await mustRun('docker', ['run', '--detach', ...args, IMAGE, ...command])).trim();
}

export async function removeContainer(id: string): Promise<void> {
  await runCommand('docker', ['rm', '--force', '--volumes', id]);
}

/** What a container has said on both streams. */
export async function logsOf(id: string): Promise<string> {
  const { stdout, stderr } = await runCommand('docker', ['logs', id]);
  return stdout + stderr;
}

/** A field of `docker inspect`, by a Go template. */
export async function inspect(id: string, template: string): Promise<string> {
  return (await mustRun('docker', ['inspect', '--format', template, id])).trim();
}
