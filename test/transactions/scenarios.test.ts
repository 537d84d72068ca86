import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { playScenario } from './scenario.ts';

// UPDATE_SCENARIOS=1 writes what the machine does into the files: read the diff before you believe it.
const folder = new URL('./scenarios/', import.meta.url);

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  test(`a transaction does as its transcript says: ${name.slice(0, -4)}`, () => {
    const file = new URL(name, folder);
    const transcript = readFileSync(file, 'utf8');
    const played = playScenario(transcript);
    if (process.env.UPDATE_SCENARIOS === '1') writeFileSync(file, played);
    expect(played).toBe(readFileSync(file, 'utf8'));
    expect(played).toMatch(/^ {2}\S/m);
  });
}
