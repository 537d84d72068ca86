import { readFileSync } from 'node:fs';
import { nodeProgram } from '../node-program.ts';

/** @platformatic/kafka, as the checkout has it. */
export const platformatic = nodeProgram('platformatic', new URL('./program.ts', import.meta.url), async () => {
  const file = new URL('../package.json', import.meta.resolve('@platformatic/kafka'));
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return { title: `@platformatic/kafka ${version}` };
});
