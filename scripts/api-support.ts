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
    `Ottla answers ${answered.size} of the ${apis.length} API keys of Apache Kafka.`,
    '',
    '| key | API | versions in Kafka | versions in Ottla | |',
    '| --: | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function noteOn(key: number, versions: VersionRange, handler: Answered | undefined): string {
  if (handler === undefined)
    return OF_CONTROLLERS.has(key) ? 'among controllers; not asked of brokers' : 'not answered';
  if (handler.advertised === null) return 'answered, and as in Kafka not advertised';
  return text(handler.versions) === text(versions) ? '' : 'fewer than Kafka';
}
