/** Keys of a client metrics subscription (KIP-714), and what their values must look like. */
import { int, list } from './definition.ts';

export const clientMetricsKeys = {
  'interval.ms': int(
    300_000,
    {},
    'How often, in milliseconds, a client that matches is asked to push its metrics; 100 to 3600000.',
  ),
  match: list(
    [],
    {},
    'Which clients the subscription is for: pairs of an attribute and a regular expression, all of which must match.',
  ),
  metrics: list([], {}, 'Prefixes of the names of the metrics wanted; * asks for all.'),
} as const;

const ATTRIBUTES: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]);

/** Whether one element of `match` is an attribute, `=` and a regular expression that compiles. */
export function isMatchPattern(text: string): boolean {
  const equals = text.indexOf('=');
  if (equals < 1 || !ATTRIBUTES.has(text.slice(0, equals).trim())) return false;
  try {
    const pattern = text.slice(equals + 1).trim();
    return pattern !== '' && new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}
