/** The page that tells, for every API key of Kafka, which versions Ottla answers. */
import type { AnyApi, VersionRange } from '../protocol/schema.ts';

interface Answered {
  readonly api: AnyApi;
  readonly versions: VersionRange;
  readonly advertised: VersionRange | null;
}

/** A Kafka that is only a broker answers none of these either. */
const OF_CONTROLLERS: ReadonlySet<number> = new Set([52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82]);

function text({ first, last }: VersionRange): string {
  if (first > last) return '–';
  return first === last ? String(first) : `${first}–${last}`;
}

/** Markdown; `apis` are all tables by ascending key, `handlers` what the broker has registered. */
export function apiSupportPage(apis: readonly AnyApi[], handlers: readonly Answered[]): string {
  const answered = new Map(handlers.map((handler) => [handler.api.key, handler]));
  const rows = apis.map(({ key, name, versions }) => {
    const handler = answered.get(key);
    const ours = handler?.versions;
    const note = noteOn(key, versions, handler);
    return `| ${key} | ${name} | ${text(versions)} | ${ours === undefined ? '–' : text(ours)} | ${note} |`;
  });
  return [
    '# API support',
    '',
    'Written by `npm run docs` from the protocol tables and the registry of handlers; do not edit.',
    '',
    summary(apis, answered),
    '',
    '| key | API | versions in Kafka | versions in Ottla | |',
    '| --: | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Of those that a broker answers its clients: how many, and which are missing. */
function summary(apis: readonly AnyApi[], answered: ReadonlyMap<number, Answered>): string {
  const asked = apis.filter(({ key }) => !OF_CONTROLLERS.has(key));
  const missing = asked.filter(({ key }) => !answered.has(key));
  const count = (isOf: (name: string) => boolean): number => missing.filter(({ name }) => isOf(name)).length;
  const [share, streams] = [count((name) => name.includes('Share')), count((name) => name.includes('Streams'))];
  const rest = missing.length - share - streams;
  const parts = [
    ...(share > 0 ? [`share groups (${share})`] : []),
    ...(streams > 0 ? [`streams groups (${streams})`] : []),
    ...(rest > 0 ? [`others (${rest})`] : []),
  ];
  const sentence = `Ottla answers ${asked.length - missing.length} of the ${asked.length} API keys that a Kafka broker answers its clients`;
  return parts.length === 0 ? `${sentence}.` : `${sentence}; missing: ${parts.join(', ')}.`;
}

function noteOn(key: number, versions: VersionRange, handler: Answered | undefined): string {
  if (handler === undefined)
    return OF_CONTROLLERS.has(key) ? 'among controllers; not asked of brokers' : 'not answered';
  if (handler.advertised === null) return 'answered, and as in Kafka not advertised';
  return text(handler.versions) === text(versions) ? '' : 'fewer than Kafka';
}
