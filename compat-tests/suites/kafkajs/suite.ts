import { createRequire } from 'node:module';
import { nodeProgram } from '../node-program.ts';

/** kafkajs, as the checkout has it. */
export const kafkajs = nodeProgram('kafkajs', new URL('./program.ts', import.meta.url), async () => {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
  return { title: `kafkajs ${version}` };
});
