/**
 * The other side of a broker's process under a supervisor: it is told its settings, and ends when the supervisor does, whatever has
 * ended that one.
 */
import { startBroker, type RunningBroker } from '../broker/broker.ts';
import type { TopicToCreate } from '../config/environment.ts';
import { parent } from '../platform/child-process.ts';
import { backgroundClock, systemClock } from '../platform/clock.ts';
import { lineLogger, type Level, type Logger } from '../platform/logger.ts';

/** What a supervisor tells first. */
export interface Commission {
  readonly settings: readonly (readonly [string, string])[];
  readonly logLevel: Level;
  /** What KAFKA_OPTS says: where users and passwords stand in a JAAS file. */
  readonly javaOptions: string | undefined;
  /** Made where they are missing, before the broker counts as ready. */
  readonly topics: readonly TopicToCreate[];
}

/** Makes the topics of a commission. */
export type CreateTopics = (broker: RunningBroker, topics: readonly TopicToCreate[], logger: Logger) => Promise<void>;

/** What it is told, once the broker answers requests. */
export interface Report {
  readonly bootstrap: string;
}

/** Without a supervisor there is no controller: the broker closes its logs, and is gone after so long in any case. */
const LAST_MS = 1500;

/** `toldToEnd` resolves at SIGTERM; before it is called that ends the process, as nothing is promised yet. Answers the exit code. */
export async function superviseBroker(toldToEnd: () => Promise<void>, createTopics: CreateTopics): Promise<number> {
  const orphaned = new Promise<'orphaned'>((resolve) => parent.onGone(() => resolve('orphaned')));
  void orphaned.then(() => backgroundClock.after(LAST_MS, () => process.exit(1)));
  try {
    const commission = (await parent.message()) as Commission;
    const logger = loggerOf(commission);
    process.on('uncaughtException', (error) => logger.error('bug', { error: error.stack ?? error.message }));
    const { settings, javaOptions, topics } = commission;
    const broker = await startBroker({ settings: new Map(settings), javaOptions, logger });
    process.on('SIGHUP', () => void broker.stores.reloadStores());
    const told = toldToEnd().then(() => 'told' as const);
    await createTopics(broker, topics, logger);
    parent.tell({ bootstrap: broker.bootstrap } satisfies Report);
    const why = await Promise.race([orphaned, told, broker.failed.then(() => 'failed' as const)]);
    await broker.stop({ leaves: why === 'told' });
    return why === 'failed' || !broker.isWhole ? 1 : 0;
  } finally {
    parent.letGo();
  }
}

function loggerOf({ logLevel }: Commission): Logger {
  return lineLogger(
    logLevel,
    (line) => void process.stderr.write(line),
    () => systemClock.now(),
  );
}
