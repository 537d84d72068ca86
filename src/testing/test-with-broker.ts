/** A test with a broker of its own, for runners without fixtures: it is told of when the test fails, and stopped. */
import { startBroker, type StartOptions, type TestBroker } from './index.ts';
import { reportMode } from './report-place.ts';
import { runningBrokers } from './running-brokers.ts';
import { tellOfTest, type ToldTest } from './told-test.ts';

/** What a test is given. */
export interface KafkaContext {
  /** A broker that is as new when the test begins. */
  readonly kafka: TestBroker;
}

/** `named` is asked while the test runs. */
export async function runWithBroker(
  options: StartOptions,
  named: () => Pick<ToldTest, 'name' | 'file'>,
  run: (kafka: TestBroker) => unknown,
): Promise<void> {
  const mode = reportMode();
  await using kafka = await startBroker(options);
  const tell = (errors: readonly unknown[]): Promise<void> => {
    runningBrokers().delete(kafka); // the runner's own hook does not tell of it again
    return tellOfTest(kafka, { ...named(), hasFailed: errors.length > 0, errors }, mode);
  };
  try {
    await run(kafka);
  } catch (error) {
    await tell([error]);
    throw error;
  }
  await tell([]);
}
