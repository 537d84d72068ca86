import { describe, expect, test } from 'vitest';
import { cpuSeconds, residentMb, usageIsKnown } from '../../bench/process-usage.ts';
import { Report } from '../../bench/report.ts';

const effort = { seconds: 1, share: 1 };

function report(samples: readonly { ottla: number; kafka: number }[], load = 'raw-15k', figure = 'requestsPerSecond') {
  const made = new Report(effort, 1);
  for (const { ottla, kafka } of samples) {
    made.add(load, 'a load', 'ottla', { [figure]: ottla });
    made.add(load, 'a load', 'kafka', { [figure]: kafka });
  }
  return made;
}

describe('a report', () => {
  test('shows medians over the rounds and the ratio of these', () => {
    const [row] = report([
      { ottla: 10, kafka: 5 },
      { ottla: 1000, kafka: 2 },
      { ottla: 8, kafka: 4 },
    ]).rows();
    expect(row).toMatchObject({ ottla: 10, kafka: 4, ratio: 2.5 });
  });

  test('takes the mean of the middle two of an even number', () => {
    expect(
      report([
        { ottla: 1, kafka: 2 },
        { ottla: 2, kafka: 2 },
      ]).rows()[0].ratio,
    ).toBe(0.75);
  });

  test('has no ratio without Kafka, nor to a figure of 0', () => {
    const alone = new Report(effort, 1);
    alone.add('raw-15k', 'a load', 'ottla', { requestsPerSecond: 1 });
    expect(alone.rows()[0].ratio).toBeNull();
    expect(report([{ ottla: 1, kafka: 0 }]).rows()[0].ratio).toBeNull();
  });

  test('says which targets are met and which are missed', () => {
    expect(report([{ ottla: 35, kafka: 10 }]).text()).toContain('met    requests/s of 15 KB: 3.50x (at least 3.5x)');
    expect(report([{ ottla: 34, kafka: 10 }]).text()).toContain('MISSED requests/s of 15 KB: 3.40x (at least 3.5x)');
    const p99 = (ottla: number) => report([{ ottla, kafka: 100 }], 'small-1-closed', 'p99').text();
    expect(p99(80)).toContain('met    produce to ack, p99: 0.80x (at most 0.8x)');
    expect(p99(81)).toContain('MISSED produce to ack, p99: 0.81x (at most 0.8x)');
  });

  test('compares the most memory after any load', () => {
    const made = report([{ ottla: 50, kafka: 500 }], 'raw-15k', 'rssMb');
    made.add('small-1', 'another', 'ottla', { rssMb: 90 });
    made.add('small-1', 'another', 'kafka', { rssMb: 900 });
    expect(made.rows().at(-1)).toMatchObject({ load: 'memory', ottla: 90, kafka: 900, ratio: 0.1 });
  });
});

test.runIf(usageIsKnown)('what a process has used is told by the system', () => {
  const before = cpuSeconds(process.pid);
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 50_000);
  expect(cpuSeconds(process.pid) - before).toBeGreaterThanOrEqual(0.03);
  expect(residentMb(process.pid)).toBeCloseTo(process.memoryUsage().rss / 1e6, -2);
});
