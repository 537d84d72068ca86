/** How many seeds it takes to catch each mutant: `--most 200 --name 'high watermark'`. */
import { parseArgs } from 'node:util';
import { mutants } from './mutants.ts';
import { tellReplicas } from './replicas-story.ts';

const { values } = parseArgs({
  options: { most: { type: 'string', default: '100' }, name: { type: 'string', default: '' } },
});
for (const mutant of mutants) {
  const { name } = mutant;
  if (!name.includes(values.name)) continue;
  const undo = mutant.apply();
  let [seed, wrong] = [0, [] as readonly string[]];
  while (wrong.length === 0 && seed < Number(values.most))
    ({ wrong } = await tellReplicas(++seed, { isPower: mutant.isPower }));
  undo();
  process.stdout.write(
    `${name}: ${wrong.length === 0 ? `not in ${seed} seeds` : `seed ${seed}: ${wrong[0].slice(0, 160)}`}\n`,
  );
}
process.exit(0);
