/**
 * `npm run test:hostile`: sends each input of inputs/ to a broker with little memory, prints what it cost as the rows of a table,
 * and fails where that is more than the input's limits. Then the mutants, brokers without one of their bounds, which must fail.
 * `npm run test:hostile -- NAME...` sends some inputs, and their mutants; `--no-mutants` leaves those out.
 */
import { parseArgs } from 'node:util';
import { check, type Figures } from './check.ts';
import { inputs } from './inputs/index.ts';
import { mutants } from './mutants.ts';

const { values, positionals } = parseArgs({
  options: { mutants: { type: 'boolean', default: true } },
  allowPositionals: true,
  allowNegative: true,
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const isAsked = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
const unknown = positionals.filter((name) => !inputs.some((input) => input.name === name));
if (unknown.length > 0) {
  say(`no input is called ${unknown.join(', ')}; there are ${inputs.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const begun = performance.now();
let failures = 0;

say('| input | took s | longest turn ms | late ms | p99 beside ms | alone | RSS MB | SIGTERM ms | next start ms |');
say('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const input of inputs.filter(({ name }) => isAsked(name))) {
  const { figures, wrong } = await check(input);
  say(row(input.what, figures));
  for (const what of wrong) say(`FAILED ${input.name}: ${what}`);
  failures += wrong.length;
}

for (const mutant of values.mutants ? mutants.filter(({ foundBy }) => isAsked(foundBy)) : []) {
  const { wrong } = await check(
    inputs.find(({ name }) => name === mutant.foundBy)!,
    mutant,
  );
  if (wrong.length > 0) say(`mutant '${mutant.name}' was found by ${mutant.foundBy}: ${wrong[0]}`);
  else {
    failures++;
    say(`FAILED: mutant '${mutant.name}' was not found by ${mutant.foundBy}`);
  }
}
say(`${failures} failures, ${Math.round((performance.now() - begun) / 1000)} s`);
process.exit(failures === 0 ? 0 : 1);

function row(
  what: string,
  { tookMs, delay, beside, alone, residentMb, stopMs = [], startMs }: Partial<Figures>,
): string {
  const cells = [
    (tookMs ?? Number.NaN) / 1000,
    delay?.work.max,
    delay?.late.max,
    beside?.p99,
    alone?.p99,
    residentMb,
    stopMs.length === 0 ? Number.NaN : Math.max(...stopMs),
    startMs,
  ];
  const shown = cells.map((cell = Number.NaN) => (Number.isNaN(cell) ? '–' : cell.toFixed(cell < 10 ? 1 : 0)));
  return `| ${what} | ${shown.join(' | ')} |`;
}
