/** The page that tells, for every API key of Kafka, which versions Ottla answers. */
import type { AnyApi, VersionRange } from '../protocol/schema.ts';

interface Answered {
  readonly api: AnyApi;
  readonly versions: VersionRange;
}

function text({ first, last }: VersionRange): string {
  if (first > last) return '–';
  return first === last ? String(first) : `${first}–${last}`;
}

/** Markdown; `apis` are all tables by ascending key, `handlers` what the broker has registered. */
export function apiSupportPage(apis: readonly AnyApi[], handlers: readonly Answered[]): string {
  const answered = new Map(handlers.map((handler) => [handler.api.key, handler.versions]));
  const rows = apis.map(({ key, name, versions }) => {
    const ours = answered.get(key);
    const note = ours === undefined ? 'not answered' : text(ours) === text(versions) ? '' : 'fewer than Kafka';
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
