/** Apache Kafka's own clients: a chain in Java, and Kafka Streams. Both copy the input until they are told to end. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install } from '../../../scripts/kafka/index.ts';
import { javaCommand } from '../../../scripts/kafka/tools.ts';
import type { Places } from './chain.ts';

const program = fileURLToPath(new URL('Chain.java', import.meta.url));

/** Null where there is a Java that is young enough; else why not. */
export function missingJava(): string | null {
  const { status, stderr } = spawnSync(javaCommand(), ['-version'], { encoding: 'utf8' });
  const [, major] = /version "(\d+)/.exec(stderr ?? '') ?? [];
  return status === 0 && Number(major) >= 17 ? null : 'there is no java, 17 or later';
}

/** Runs until `isOver`; where the program gives up, it is started again. Answers how often it was started. */
export async function runJava(
  kind: 'plain' | 'streams',
  places: Places,
  replicas: number,
  isOver: () => boolean,
): Promise<number> {
  const { classpath } = await install();
  const { bootstrap, input, output, groupId, transactionalId } = places;
  const args = [kind, bootstrap, input, output, groupId, transactionalId, String(replicas)];
  for (let starts = 1; ; starts++) {
    const child = spawn(javaCommand(), ['-Xmx192m', '-XX:TieredStopAtLevel=1', '-cp', classpath, program, ...args], {
      stdio: ['ignore', 'ignore', process.env.EXACTLY_ONCE_DEBUG === undefined ? 'ignore' : 'inherit'],
    });
    const watch = setInterval(() => void (isOver() && child.kill('SIGKILL')), 100);
    await new Promise((resolve) => child.once('exit', resolve));
    clearInterval(watch);
    if (isOver()) return starts;
  }
}
