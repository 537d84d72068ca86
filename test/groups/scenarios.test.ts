import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { playConsumerScenario } from './consumer-scenario.ts';
import { playScenario } from './scenario.ts';

// UPDATE_SCENARIOS=1 writes what the machine does into the files: read the diff before you believe it.
describe.each([
  { kind: 'classic', folder: './scenarios/', play: playScenario },
  { kind: 'consumer', folder: './consumer-scenarios/', play: playConsumerScenario },
])('a $kind group does as its transcript says', ({ folder, play }) => {
  test.each(readdirSync(new URL(folder, import.meta.url)).filter((file) => file.endsWith('.txt')))('%s', (name) => {
    const file = new URL(folder + name, import.meta.url);
    const played = play(readFileSync(file, 'utf8'));
    if (process.env.UPDATE_SCENARIOS === '1') writeFileSync(file, played);
    expect(played).toBe(readFileSync(file, 'utf8'));
    expect(played).toMatch(/^ {2}\S/m);
  });
});
