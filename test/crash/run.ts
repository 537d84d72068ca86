/**
 * The long way: `npm run test:crash -- --stories 20 --steps 120`. Stops each story at every change, with every length of
 * every torn write (--torn limits them) and flipped bits; prints how far it is. CRASH_SEED=n tells the story of that seed.
 */
import { parseArgs } from 'node:util';
import { sweep } from './sweep.ts';
import { live } from './workload.ts';

const { values } = parseArgs({
  options: {
    stories: { type: 'string', default: '10' },
    steps: { type: 'string', default: '80' },
    torn: { type: 'string', default: '8' },
    flips: { type: 'string', default: '3' },
  },
});
const first = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const stories = process.env.CRASH_SEED === undefined ? Number(values.stories) : 1;
let total = 0;
let failed = 0;
const startedMs = performance.now();
for (let seed = first; seed < first + stories; seed++) {
  const story = await live(seed, Number(values.steps));
  let saidMs = 0;
  const { crashes, failures } = await sweep(story, {
    every: 1,
    tornLengths: values.torn === 'all' ? Infinity : Number(values.torn),
    flips: Number(values.flips),
    onProgress: ({ done, of, crashes: soFar, failures: wrong }) => {
      if (performance.now() - saidMs > 2000) {
        saidMs = performance.now();
        process.stdout.write(`  seed ${seed}: change ${done} of ${of}, ${soFar} crashes, ${wrong} failures\n`);
      }
      return true;
    },
  });
  total += crashes;
  failed += failures.length;
  for (const { what, wrong } of failures.slice(0, 5)) process.stdout.write(`FAILED ${what}\n  ${wrong.join('\n  ')}\n`);
  process.stdout.write(
    `CRASH_SEED=${seed}: ${story.disk.journal.length} changes, ${crashes} crashes, ${failures.length} failures\n`,
  );
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
process.stdout.write(`${total} crashes in ${stories} stories, ${failed} failures, ${seconds} s\n`);
process.exit(failed === 0 ? 0 : 1);
