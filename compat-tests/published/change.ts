import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Changes a copy of somebody's tests where they count on brokers other than those here.
 * @throws where the file does not say what is to be changed: the tests are others than those this was written for
 */
export function change(file: string, changes: readonly (readonly [from: string, to: string])[]): void {
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${file} does not say ${from}`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(file, text);
}
