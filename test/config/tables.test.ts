import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseValue, validText } from '../../src/config/definition.ts';
import type { Table } from '../../src/config/definition.ts';
import { groupKeys } from '../../src/config/group.ts';
import { serverKeys } from '../../src/config/server.ts';
import { topicKeys } from '../../src/config/topic.ts';

/** Kafka's own list of its keys, kept beside the repository where there is one. */
const FACTS = join(import.meta.dirname, '../../../shared/kafka-protocol-4.4');
const haveFacts = existsSync(FACTS);

interface Fact {
  name: string;
  type: string;
  default?: boolean | number | string | string[] | null;
  valid?: string;
  importance: string;
  updateMode?: string;
  internal?: boolean;
  required?: boolean;
  brokerDefault?: string;
}

/** Checked by Kafka's quorum code, which Ottla has none of. */
const UNCHECKED: ReadonlySet<string> = new Set(['controller.quorum.bootstrap.servers', 'controller.quorum.voters']);

/** Kafka takes them as settings of a broker that runs, and has them in no list (KIP-73). */
const UNLISTED: ReadonlySet<string> = new Set([
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
]);

const tables: readonly (readonly [string, Table])[] = [
  ['topic', topicKeys],
  ['broker', serverKeys],
  ['group', groupKeys],
];

/** Kafka's StandardAuthorizer reads them by itself. */
const OF_THE_AUTHORIZER: ReadonlySet<string> = new Set(['allow.everyone.if.no.acl.found', 'super.users']);

describe.skipIf(!haveFacts)('with the list of Apache Kafka (skipped: ../shared/kafka-protocol-4.4 is absent)', () => {
  test.each(tables)('the %s keys are those of Kafka', (kind, table) => {
    const facts = factsOf(kind);
    const expected = facts.map(expectedRow).sort(byName);
    const actual = Object.entries(table)
      .filter(([name]) => !name.startsWith('ottla.') && !OF_THE_AUTHORIZER.has(name) && !UNLISTED.has(name))
      .map(([name, row]) => ({
        name,
        type: row.type.toUpperCase(),
        default: row.required ? undefined : row.defaultText,
        valid: validText(row),
        importance: row.importance.toUpperCase(),
        update: row.update,
        internal: row.internal ?? false,
        required: row.required ?? false,
        broker: row.broker,
      }))
      .sort(byName);
    expect(actual).toEqual(expected);
  });

  test("no description is Kafka's", () => {
    const theirs = new Set(
      tables.flatMap(([kind]) => factsOf(kind)).map((fact) => (fact as { doc?: string }).doc?.trim()),
    );
    const copied = tables
      .flatMap(([, table]) => Object.entries(table))
      .filter(([, { documentation }]) => theirs.has(documentation))
      .map(([name]) => name);
    expect(copied).toEqual([]);
  });
});

test.each(tables)(
  'every %s key has a description, a default it allows, and a broker key that exists',
  (_kind, table) => {
    const rows = Object.entries(table);
    expect(rows.length).toBeGreaterThan(10);
    const faults = rows.flatMap(([name, { documentation, broker }]) => [
      ...(/^[A-Z].{15,}\.$/s.test(documentation) ? [] : [`${name}: describe it in a sentence`]),
      ...(broker === undefined || Object.hasOwn(serverKeys, broker) ? [] : [`${name}: there is no ${broker}`]),
    ]);
    expect(faults).toEqual([]);
    const defaults = rows.flatMap(([name, row]) =>
      row.defaultText === null ? [] : [[name, row.defaultText] as const],
    );
    expect(() => defaults.forEach(([name, text]) => parseValue(name, table[name], text))).not.toThrow();
  },
);

function factsOf(kind: string): Fact[] {
  return (JSON.parse(readFileSync(join(FACTS, `${kind}-configs.json`), 'utf8')) as { configs: Fact[] }).configs;
}

function expectedRow(fact: Fact) {
  const anything = fact.valid === '' || fact.valid === 'non-null string' || UNCHECKED.has(fact.name);
  return {
    name: fact.name,
    type: fact.type,
    default: fact.required ? undefined : defaultText(fact),
    valid: anything ? undefined : fact.valid,
    importance: fact.importance,
    update: fact.updateMode ?? 'read-only',
    internal: fact.internal ?? false,
    required: fact.required ?? false,
    broker: fact.brokerDefault,
  };
}

function defaultText({ type, default: value }: Fact): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.join(',');
  if (value === Number.MAX_VALUE) return '1.7976931348623157E308';
  return type === 'DOUBLE' && Number.isInteger(value) ? `${String(value)}.0` : String(value);
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}
