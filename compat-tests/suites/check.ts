/** For the programs in TypeScript: does a case, and says in a line what the client saw. See suite.ts. */
import type { Area } from './suite.ts';

const PATIENCE_MS = 45_000;

export const [bootstrap, run] = process.argv.slice(2);

/** What `act` returns is what the client saw; what it throws is why the case failed. */
export async function check(area: Area, name: string, act: () => Promise<unknown>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new Error(`nothing after ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    say('ok', area, name, text(await Promise.race([act(), patience])));
  } catch (error) {
    say('not ok', area, name, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } finally {
    clearTimeout(late);
  }
}

/** Waits until it is so; a case's patience ends it otherwise. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

/** What went wrong, as the client names it; 'nothing' where all went well. */
export async function refusal(act: () => Promise<unknown>, name: (error: never) => unknown): Promise<unknown> {
  try {
    await act();
    return 'nothing';
  } catch (error) {
    return name(error as never);
  }
}

function text(value: unknown): string {
  const plain = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
  return plain ?? '';
}

function say(...parts: string[]): void {
  process.stdout.write(`${parts.map((part) => part.replaceAll(/[\t\n\r]+/g, ' ')).join('\t')}\n`);
}
