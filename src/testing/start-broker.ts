/** `ottla/testing`: a Kafka broker inside your own test, ready in milliseconds, in memory, on a free port. */
import { fileURLToPath } from 'node:url';
import { startBroker as start } from '../broker/broker.ts';
import { startThread } from '../platform/thread.ts';
import { endThroughPort, RemoteBroker } from '../remote/remote-broker.ts';
import { BrokerSnapshot } from './broker-snapshot.ts';
import type { BrokerThreadData } from './broker-thread.ts';
import { callPlace, type CallPlace } from './call-place.ts';
import { checkStartOptions } from './start-checks.ts';
import type { StartOptions } from './start-options.ts';
import { noteRunning } from './still-running.ts';
import { isTestRun } from './test-runner.ts';
import type { TestBroker } from './test-broker.ts';
import { begin, type Doors } from './test-start.ts';
import type { TopicSpec } from './topic-spec.ts';

const doors: Doors = {
  start,
  serve: async (test, port) => {
    const { serveBroker } = await import('../control/server.ts');
    return (await serveBroker(test, { port })).url;
  },
  loadShow: async (shown) => (await import('../page/server.ts')).showOf(shown, isTestRun()),
};

/** The package is one file, which has this module under a name of its own. */
const THREAD = import.meta.url.endsWith('/library.cjs')
  ? { url: import.meta.url, path: ['default', 'thread', 'runBrokerThread'] }
  : { url: new URL('broker-thread.ts', import.meta.url).href, path: ['runBrokerThread'] };

/**
 * Starts a broker; resolves when clients can connect. `await using` stops it at the end of the block, `stop()` at any time.
 * @throws {ConfigError} for a setting that cannot be used
 * @throws {TypeError} for an option that there is not
 */
export async function startBroker(options: StartOptions = {}): Promise<TestBroker> {
  checkStartOptions('startBroker', options);
  const place = callPlace(startBroker);
  return options.thread === true ? startInThread(options, place) : begin(doors, options, [], place);
}

async function startInThread(options: StartOptions, place: CallPlace): Promise<TestBroker> {
  const { from, leftovers, topics, ...rest } = options;
  const data: BrokerThreadData = {
    options: { ...rest, ...(topics === undefined ? {} : { topics: topics.map(cloneable) }) },
    from: typeof from === 'string' ? BrokerSnapshot.load(from).bytes() : from?.bytes(),
    place,
  };
  const thread = await startThread<string>(THREAD.url, THREAD.path, data);
  // The thread tells by itself when nothing happens to it; at the end of the process it is gone.
  const noteStopped = noteRunning({ at: place.at, activity: () => NaN, clients: () => '' });
  return new RemoteBroker(thread.answer, leftovers === undefined ? {} : { leftovers }, async (port) => {
    noteStopped();
    const report = await endThroughPort(port);
    await thread.end();
    return report;
  });
}

/** A URL cannot go into another thread. */
function cloneable(topic: string | TopicSpec): string | TopicSpec {
  if (typeof topic === 'string' || topic.messages === undefined) return topic;
  const { messages } = topic;
  return {
    ...topic,
    messages: typeof messages !== 'string' && 'href' in messages ? fileURLToPath(messages.href) : messages,
  };
}
