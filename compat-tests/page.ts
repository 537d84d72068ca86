/** docs/compatibility.md from one whole run. */
import type { Peer } from './brokers/peer.ts';
import type { DifferentialResult } from './differential-run.ts';
import { knownDifferences } from './differential/known-differences.ts';
import { results as kafkaTests } from './kafka-tests/results.ts';
import { failures, markdown, noCases, rows, skips, type Verdict } from './table.ts';

/** What one run of the suite has found. */
export interface Run {
  readonly kafka: Peer;
  readonly ottla: Peer;
  readonly clients: readonly Verdict[];
  readonly published: readonly Verdict[];
  readonly differential: DifferentialResult | null;
}

/** What no package registry has, and no run of the suite brings here. */
const RUN_BY_HAND = `librdkafka's own tests of its share consumer, built from its source (4c3b017c3), pass: 0170 to 0179, 0181, 0184 and 0185. Start Ottla
with \`--set num.partitions=3 --set group.share.min.record.lock.duration.ms=1000\`, as librdkafka starts its own brokers. With one
partition 0184 fails on Apache Kafka 4.4.0 too: its producer has the topic made anew that the test has deleted, with fewer partitions
than it has messages for. 0190 wants an OpenTelemetry collector that writes what clients report into a topic, and skips itself
without one, on both brokers.`;

export function page(run: Run): string {
  const { kafka, ottla, clients, published, differential } = run;
  const today = new Date().toISOString().slice(0, 10);
  const shortened = rows(published).map((row) => [row[0], row.at(-1)!]);
  const parts = [
    '# Compatibility',
    `Written by \`npm run test:compat\` on ${today}: ${ottla.title} beside ${kafka.title}, Node ${process.versions.node}, ` +
      `${process.platform} ${process.arch}.`,
    'Every case runs on both brokers. What Apache Kafka fails is not a case; it passes on Ottla when the client sees there ' +
      'what it sees on Kafka. In the cells: passed on Kafka / passed on Ottla.',
    '## Clients',
    markdown(rows(clients)),
    "## Clients' own suites",
    "Which of a client's own integration tests run, and why some do not, is in `compat-tests/published/`.",
    markdown(shortened),
    ...skips([...clients, ...published]).map((line) => `Skipped: ${line}.`),
    "## Apache Kafka's own tests",
    '`npm run test:kafka-tests` runs tests that Apache Kafka publishes, unchanged; `compat-tests/kafka-tests/` says how. An ' +
      "invocation counts when Kafka's own broker passes it the same way.",
    markdown(kafkaTests.rows()),
    '## Run by hand',
    RUN_BY_HAND,
    '## Answers, field by field',
    differential === null
      ? 'Not run.'
      : `${differential.passed} of ${differential.cases} cases of \`npm run test:differential\` pass; each asks both brokers ` +
        'the same in every version of its API and compares every field of the answers. Where Ottla means to differ:',
    differencesTable(),
    '## What fails on Ottla alone',
    list([...failures([...clients, ...published]), ...(differential?.failed ?? [])]),
    '## What Apache Kafka fails as well',
    list(noCases([...clients, ...published])),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Whose answers differ, in which case, and why; the patterns are in known-differences.ts. */
function differencesTable(): string {
  const rows = knownDifferences.map(({ about: [api, what], why }) => `| ${api} | ${what} | ${why} |`);
  rows.push(
    '| Fetch | the end of what fits | Kafka cuts within a batch, and clients drop the part; Ottla ends at the end of a batch. |',
  );
  return ['| API | case | Kafka and Ottla, and why |', '| --- | --- | --- |', ...rows].join('\n');
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? 'Nothing.' : lines.map((line) => `- ${line.replaceAll('|', '\\|')}`).join('\n');
}
