/**
 * `npm run scale:recovery`: how loading, recovery and expiry grow with what clients have left behind. Words after `--` choose rows.
 * Last, the exponent: 1 is in proportion.
 */
import { exponent, measure } from './exponent.ts';
import { LOG_CASES } from './log-cases.ts';
import { STATE_CASES } from './state-cases.ts';

const ROUNDS = 3;
const words = process.argv.slice(2);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

say('| what | amount | ms | amount | ms | disk calls | exponent |');
say('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const each of [...LOG_CASES, ...STATE_CASES]) {
  if (words.length > 0 && !words.some((word) => each.what.includes(word))) continue;
  const [few, many] = each.sizes.map((size) => size * 10);
  const small = await measure(each, few, ROUNDS);
  const large = await measure(each, many, ROUNDS);
  const grows = exponent(small, large, ({ ms }) => ms).toFixed(2);
  const calls = large.calls === null ? '' : String(large.calls);
  say(`| ${each.what} | ${few} | ${small.ms.toFixed(0)} | ${many} | ${large.ms.toFixed(0)} | ${calls} | ${grows} |`);
}
