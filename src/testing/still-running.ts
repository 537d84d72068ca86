/** Reminds a test run of brokers that it forgot to stop: they do not keep the process, but their clients may. */
import { backgroundClock, type Timer } from '../platform/clock.ts';
import { isTestRun } from './test-runner.ts';

interface Running {
  readonly at: string;
  readonly activity: () => number;
  readonly clients: () => string;
}

/** A broker to which nothing has happened for so long is mentioned. */
const QUIET_MS = 10_000;

const running = new Map<object, Running>();
/** Those that were mentioned while the tests ran. */
const mentioned = new WeakSet<object>();
let timer: Timer | null = null;

/** `activity` grows whenever something happens to the broker; answers what to call when it is stopped. */
export function noteRunning(broker: Running): () => void {
  if (!isTestRun()) return () => {};
  if (running.size === 0) process.on('exit', tellAll);
  running.set(broker, broker);
  timer ??= watch(new Map());
  return () => {
    running.delete(broker);
    if (running.size > 0) return;
    process.off('exit', tellAll);
    timer?.cancel();
    timer = null;
  };
}

/** Each broker is mentioned once. */
function watch(before: Map<object, number>): Timer {
  return backgroundClock.after(QUIET_MS, () => {
    const now = new Map<object, number>();
    for (const [key, broker] of running) {
      const activity = broker.activity();
      now.set(key, activity);
      if (before.get(key) !== activity || mentioned.has(key)) continue;
      mentioned.add(key);
      tell(broker);
    }
    timer = watch(now);
  });
}

function tellAll(): void {
  for (const broker of running.values()) tell(broker);
}

function tell({ at, clients }: Running): void {
  const connected = clients();
  const who = connected === '' ? '' : `, with clients connected: ${connected}`;
  process.stderr.write(
    `the broker started at ${at || 'an unknown place'} still runs${who}; await kafka.stop() ends it\n`,
  );
}
