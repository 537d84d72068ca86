/**
 * The long way: `npm run test:crash -- --minutes 60 --steps 120`. Stops each story at every change, with some lengths of
 * each torn write (`--torn all`: every one) and flipped bits; prints how far it is. A story that has begun is told to its end;
 * `--stories n` tells so many, however long that takes. CRASH_SEED=n tells the story of that seed.
 */
import { parseArgs } from 'node:util';
import { sweep } from './sweep.ts';
import { live } from './workload.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '8' },
    stories: { type: 'string' },
    steps: { type: 'string', default: '80' },
    torn: { type: 'string', default: '8' },
    flips: { type: 'string', default: '3' },
  },
});
const first = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const only = process.env.CRASH_SEED === undefined ? values.stories : '1';
let stories = 0;
let total = 0;
let failed = 0;
const startedMs = performance.now();
const minutes = () => (performance.now() - startedMs) / 60_000;
const goesOn = () =>
  only === undefined ? stories === 0 || minutes() < Number(values.minutes) : stories < Number(only);
for (let seed = first; goesOn(); seed++, stories++) {
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
