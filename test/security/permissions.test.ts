/** What the tables of handlers say that requests need: against Kafka's list, and what handlers ask by hand against what they say. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { controllerHandlers } from '../../src/apis/controllers/index.ts';
import { handlers } from '../../src/apis/index.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { needsOf } from '../../scripts/permissions.ts';

const FACTS = new URL('../../../shared/kafka-protocol-4.4/api-permissions.json', import.meta.url);
const hasFacts = existsSync(FACTS);

interface Check {
  readonly operation: string | readonly string[];
  readonly resource: string;
  readonly error: string | null;
}

interface Facts {
  readonly apis: readonly {
    readonly key: number;
    readonly name: string;
    readonly checks: readonly Check[];
    readonly endpoint?: string;
  }[];
}

/** Not among the rows of a check: its own words say so. */
const OTHERWISE: Readonly<Record<string, string>> = {
  InitProducerId: 'two-phase commit needs v6, which is not served',
  DescribeDelegationToken: 'its owner and its renewers need none',
  StreamsGroupTopologyDescriptionUpdate: 'refused before it is asked: nothing keeps descriptions',
};

/** 'READ TOPIC' for each operation of a check. */
function namesOf({ operation, resource }: Check): string[] {
  const operations = typeof operation === 'string' ? [`${operation} on ${resource}`] : operation;
  return operations.map((one) =>
    one
      .replace(/ \(by resource type\)/, '')
      .replace(' on any ', ' on ')
      .replace(' on ', ' '),
  );
}

describe.skipIf(!hasFacts)('with Kafka’s list (skipped: ../shared/kafka-protocol-4.4 is absent)', () => {
  const { apis } = hasFacts ? (JSON.parse(readFileSync(FACTS, 'utf8')) as Facts) : { apis: [] };
  const brokerHandlers = new Map(handlers.map((handler) => [handler.api.key, handler]));
  const ofControllers = new Map(controllerHandlers.map((handler) => [handler.api.key, handler]));
  const listed = apis.flatMap((facts) => {
    const handler = (facts.endpoint === 'controller' ? ofControllers : brokerHandlers).get(facts.key);
    return handler === undefined || facts.name in OTHERWISE ? [] : [[facts.name, facts, handler] as const];
  });

  test('nearly all APIs are compared', () => {
    expect(listed.length).toBeGreaterThan(75);
  });

  test.each(listed)('%s needs what it needs in Kafka', (_name, facts, handler) => {
    const own = new Set(needsOf(handler).map(({ operation, resource }) => `${operation} ${resource}`));
    expect([...own].sort()).toEqual([...new Set(facts.checks.flatMap(namesOf))].sort());
  });

  test.each(listed)('%s answers Kafka’s error to who lacks it', (_name, facts, handler) => {
    for (const { operation, resource, errorCode, isEnough } of needsOf(handler)) {
      if (errorCode === null || errorCode === ErrorCode.NONE) continue;
      const check = facts.checks.find((one) => namesOf(one).includes(`${operation} ${resource}`));
      expect(errorName(errorCode), `${operation} ${resource}`).toBe(check?.error);
      expect(isEnough).toBe(typeof check?.operation !== 'string');
    }
  });
});

test('every handler says what it needs', () => {
  const silent = [...handlers, ...controllerHandlers].filter(({ permissions: { needs, parts, byHand, open } }) =>
    [needs, parts, byHand, open].every((one) => one === undefined),
  );
  expect(silent.map(({ api }) => api.name)).toEqual([]);
});
