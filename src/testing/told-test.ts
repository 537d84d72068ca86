/** What runners tell of a test that is over: what was in its broker, in words where it has failed, and as a report. */
import { reportPath, type ReportMode } from './report-place.ts';
import type { TestBroker } from './test-broker.ts';

export interface ToldTest {
  /** With the names of what it stands in. */
  readonly name: string;
  /** '' where the runner does not tell. */
  readonly file: string;
  readonly hasFailed: boolean;
  readonly errors: readonly unknown[];
}

/** While the broker is there. A report that cannot be written is told, and is no failure of the test. */
export async function tellOfTest(
  kafka: Pick<TestBroker, 'describe' | 'report'>,
  { name, file, hasFailed, errors }: ToldTest,
  mode: ReportMode,
): Promise<void> {
  if (hasFailed) process.stderr.write(`what there was in the broker:\n${kafka.describe()}\n`);
  if (mode === 'off' || (mode === 'failed' && !hasFailed)) return;
  try {
    const path = await kafka.report(reportPath(file, name), { test: name, error: errors });
    process.stderr.write(`report: ${path}\n`);
  } catch (error) {
    process.stderr.write(`no report of this test: ${String(error)}\n`);
  }
}
