/** README and docs/: true, linked, and in plain English. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { startBroker as startDurable } from '../src/broker/broker.ts';
import { startBroker, WaitTimeout } from '../src/testing/index.ts';
import { longSentences, messagesIn, offences, phrases, proseOf } from './pages/plain-english.ts';
import { filesBelow } from './tidy/source-file.ts';

const ROOT = new URL('..', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const docs = readdirSync(new URL('docs/', ROOT))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', ...docs];
/** Written by programs, from tests and tables. */
const GENERATED = ['docs/api-support.md', 'docs/compatibility.md', 'docs/configuration.md', 'docs/performance.md'];
/** Pages for newcomers: short sentences. */
const FIRST_PAGES = [
  'README.md',
  'SECURITY.md',
  ...['README', 'getting-started', 'troubleshooting', 'limits', 'upgrading', 'compare', 'systems'].map(
    (name) => `docs/${name}.md`,
  ),
];

describe('plain English', () => {
  test.each(pages.filter((page) => !GENERATED.includes(page)))('%s', (page) => {
    expect(offences(page, proseOf(read(page)))).toEqual([]);
  });

  test.each(FIRST_PAGES)('%s has short sentences', (page) => {
    expect(longSentences(page, proseOf(read(page)), 30)).toEqual([]);
  });

  test('messages of the broker and its commands', () => {
    const sources = filesBelow(fileURLToPath(ROOT)).filter(({ path }) =>
      /^src\/(cli|testing|control|config)\//.test(path),
    );
    expect(sources.flatMap(({ path, text }) => offences(path, messagesIn(text)))).toEqual([]);
  });

  test('each phrase is found, in prose and not in code', () => {
    expect(offences('x', 'waited in vain: whoever wants a topic')).toHaveLength(3);
    expect(offences('x', proseOf('```\nin vain\n```\n\n    whoever\n\n`nobody`'))).toEqual([]);
    expect(offences('x', messagesIn("// nobody\n/* whoever */ const text = 'it wants a value';"))).toHaveLength(1);
    expect(longSentences('x', 'one two three four.\n\n| a b c d e f |', 3)).toHaveLength(1);
    expect(phrases.length).toBeGreaterThan(20);
  });
});

/** As GitHub makes them of headings. */
function anchorsIn(markdown: string): Set<string> {
  const headings = markdown.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.*)$/gm);
  return new Set(
    Array.from(headings, ([, text]) =>
      text
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test.each([...pages, 'ARCHITECTURE.md'])('every link of %s leads somewhere', (page) => {
  const broken: string[] = [];
  for (const [, link] of proseOf(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link)) continue;
    const [path, anchor] = link.split('#');
    const target = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
    if (!existsSync(target)) broken.push(link);
    else if (anchor !== undefined && !anchorsIn(readFileSync(target, 'utf8')).has(anchor)) broken.push(link);
  }
  expect(broken).toEqual([]);
});

test('docs/README.md names every page', () => {
  const index = read('docs/README.md');
  expect(docs.filter((page) => page !== 'docs/README.md' && !index.includes(`(${page.slice(5)})`))).toEqual([]);
});

test('npm start, as the README has it, starts a broker', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(scripts.start).toBe('node bin/ottla.cjs start'); // the command alone shows its help
});

test('README is short enough to be read', () => expect(read('README.md').split('\n').length).toBeLessThan(140));

/** The code block of a language behind a text. */
function blockBehind(page: string, text: string, language: string): string {
  const markdown = read(page);
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(markdown.slice(markdown.indexOf(text)));
  return block![1];
}

type Program = (kafkajs: object, print: (line: string) => void) => Promise<void>;

/** A program of a page, without its imports; it prints to `print`. */
function programOf(code: string, bootstrap: string): Program {
  const body = code.replace(/^import .*$/gm, '').replaceAll('localhost:9092', bootstrap);
  const program = `const { Kafka, logLevel } = kafkajs; return (async () => {${body}})()`;
  const run = compileFunction(program, ['kafkajs', 'console']);
  return (kafkajs, print) => (run as (kafkajs: object, console: object) => Promise<void>)(kafkajs, { log: print });
}

// Again where this machine has other work: the second is about the broker.
test('the program of the README gets its message within a second of run', { retry: 3 }, async () => {
  const broker = await startDurable({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  let ranAt = 0;
  const consumers: { disconnect(): Promise<void> }[] = [];
  class Quiet extends Kafka {
    constructor(config: ConstructorParameters<typeof Kafka>[0]) {
      super({ ...config, logLevel: logLevel.NOTHING });
    }
    override consumer(config: Parameters<Kafka['consumer']>[0]) {
      const consumer = super.consumer(config);
      const run = consumer.run.bind(consumer);
      consumers.push(consumer);
      return Object.assign(consumer, {
        run: (options: Parameters<typeof run>[0]) => {
          ranAt = performance.now();
          return run(options);
        },
      });
    }
  }
  const program = programOf(blockBehind('README.md', '## With your client', 'js'), broker.bootstrap);
  const line = await new Promise<string>((resolve, reject) => {
    program({ Kafka: Quiet, logLevel }, resolve).catch(reject);
  });
  expect(line).toBe('customer-7: one espresso');
  expect(performance.now() - ranAt).toBeLessThan(1000);
  for (const consumer of consumers) await consumer.disconnect();
  await broker.stop();
});

test('the program for Node in docs/getting-started.md prints what it says', async () => {
  const broker = await startDurable({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  const lines: string[] = [];
  const code = blockBehind('docs/getting-started.md', '<!-- run: node -->', 'js');
  await programOf(code, broker.bootstrap)({ Kafka, logLevel }, (line) => void lines.push(line));
  expect(lines).toEqual(['one espresso']);
  await broker.stop();
});

/** What differs from run to run. */
function settled(text: string): string {
  return text.replace(/\d+/g, 'N').trim();
}

test('the README shows what a wait that fails says', async () => {
  const kafka = await startBroker({ topics: ['orders', 'invoices'] });
  const client = new Kafka({ clientId: 'billing', brokers: kafka.bootstrapBrokers, logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: 'billing' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  await consumer.run({ eachMessage: async () => {} });
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1 });
  await kafka.produce('orders', [{ value: { id: 1, price: 2 } }, { value: { id: 2, price: 3 } }]);
  await kafka.waitForLag('billing');
  await kafka.produce('invoices', { value: { order: 1, total: 2 } });
  const error = await kafka.waitForMessages('invoices', 2, { timeout: 100 }).catch((failure: unknown) => failure);
  await consumer.disconnect();
  await kafka.stop();
  expect(error).toBeInstanceOf(WaitTimeout);
  const shown = blockBehind('README.md', '<!-- output: a wait that fails -->', 'text').split('\n').filter(Boolean);
  const said = settled((error as Error).message)
    .split('\n')
    .map((line) => line.trim());
  const whole = shown.filter((line) => !line.includes('…')).map((line) => settled(line.replace(/^WaitTimeout: /, '')));
  expect(said).toEqual(expect.arrayContaining(whole));
  expect(whole.length).toBeGreaterThan(3);
});
