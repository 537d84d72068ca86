// Imported into a broker that runs from its source: puts one mutant in the place of the file it changes.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const mutant = JSON.parse(process.env.HOSTILE_MUTANT);
const target = new URL(`../../${mutant.file}`, import.meta.url).href;

registerHooks({
  load(url, context, nextLoad) {
    if (url !== target) return nextLoad(url, context);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    const source = text.replace(mutant.find, () => mutant.replace);
    if (source === text)
      throw new Error(`${mutant.file} does not say ${mutant.find}: the mutant has to be written anew`);
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});
