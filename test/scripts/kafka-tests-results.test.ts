import { expect, test } from 'vitest';
import { knownDifferences } from '../../compat-tests/kafka-tests/known-differences.ts';
import { Results, results } from '../../compat-tests/kafka-tests/results.ts';

test('what fails on Ottla is a failure until Apache Kafka is seen to fail there as well', () => {
  const found = new Results({
    group: {
      passes: { kafka: 'ok', ottla: 'ok' },
      fails: { kafka: 'ok', ottla: 'not ok' },
      'asks for the inside': { kafka: 'ok', ottla: 'inside' },
      'did not run': { kafka: 'ok' },
      'did not run on Kafka': { ottla: 'not ok' },
      'asks for the inside of Ottla alone': { ottla: 'inside' },
      'fails on both': { kafka: 'not ok', ottla: 'not ok' },
    },
  });
  expect(found.failures('group')).toEqual([
    'fails: not ok',
    'asks for the inside: inside',
    'did not run: has not run',
    'did not run on Kafka: not ok; has not run on Apache Kafka',
  ]);
  expect(found.rows()[1]).toEqual(['group', '7', '4', '1']);
});

test('a difference is known as long as a test fails of it', () => {
  const [passed, failed] = [results.onOttla(true), results.onOttla(false)];
  const over = knownDifferences.filter(({ tests }) => {
    const isSeen = passed.some((name) => tests.test(name));
    return isSeen && !failed.some((name) => tests.test(name));
  });
  expect(over).toEqual([]);
});
