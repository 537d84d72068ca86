/** How soon each mutant is caught, and in what: `--most 200 --name 'high watermark'`. `--write` writes it down in mutants.md. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mutants, type Mutant } from './mutants.ts';
import { tellReplicas } from './replicas-story.ts';
import { play } from './scenes.ts';

const { values } = parseArgs({
  options: {
    most: { type: 'string', default: '100' },
    name: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

async function firstSeedOf(mutant: Mutant): Promise<readonly [seed: number, wrong: string | null]> {
  const { scene } = mutant;
  const undo = mutant.apply();
  try {
    for (let seed = 1; seed <= Number(values.most); seed++) {
      const wrong = scene === null ? (await tellReplicas(seed)).wrong : await play(scene, seed);
      if (wrong.length > 0) return [seed, wrong[0]];
    }
    return [Number(values.most), null];
  } finally {
    undo();
  }
}

const rows: string[] = [];
for (const mutant of mutants) {
  if (!mutant.name.includes(values.name)) continue;
  const [seed, wrong] = await firstSeedOf(mutant);
  process.stdout.write(
    `${mutant.name}: ${wrong === null ? `not in ${seed} seeds` : `seed ${seed}: ${wrong.slice(0, 200)}`}\n`,
  );
  rows.push(`| ${mutant.name} | ${mutant.scene?.name ?? 'by chance'} | ${wrong === null ? `not in ${seed}` : seed} |`);
}
if (values.write) {
  const head =
    '# What the checker of replication catches\n\nWritten by `mutants-run.ts --write`.\n\n| Mutant | Scene | First seed |\n| --- | --- | --- |\n';
  writeFileSync(new URL('mutants.md', import.meta.url), `${head}${rows.join('\n')}\n`);
}
process.exit(0);
