// Checks the types of the installed package: every block of TypeScript in the documents under `strict`, in the four ways in
// which TypeScript resolves modules, and the declarations themselves where nothing else is installed.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snippetsOf } from './snippets.mjs';

const USE = `
import { startBroker, type TestBroker } from 'ottla/testing';

interface Order { id: number; price: number }

export async function use(): Promise<string> {
  const kafka: TestBroker = await startBroker({ brokers: 3, topics: ['orders'], settings: { 'num.partitions': 2 } });
  const [{ json, headers }] = await kafka.waitForMessages<Order, { trace: string }>('orders', ({ json }) => json.price > 1);
  const total: number = json.price + kafka.messages<Order>('orders')[0].json.id;
  // @ts-expect-error an order has no such field
  kafka.messages<Order>('orders')[0].json.prize;
  kafka.faults.on('Produce', { topic: 'orders', request: { acks: 1 } }).reply('NOT_LEADER_OR_FOLLOWER').times(2);
  const group: string = kafka.traffic.of('OffsetCommit')[0].request.groupId;
  // @ts-expect-error there is no such request
  kafka.faults.on('Comit');
  // @ts-expect-error there is no such error
  kafka.faults.on('Fetch').reply('NO_SUCH_ERROR');
  // @ts-expect-error there is no such option
  await startBroker({ topic: ['orders'] });
  await kafka.clock.advance('8d');
  // @ts-expect-error no span of time
  await kafka.clock.advance('soon');
  await kafka.stop();
  return group + headers.trace + total;
}
`;

const COMMON = { strict: true, noEmit: true, target: 'es2022', lib: ['es2022'], esModuleInterop: true };

/** `ts5`: TypeScript 7 has no node10 any more. */
const SETTINGS = [
  { name: 'commonjs', type: 'commonjs', compiler: 'ts5', options: { module: 'commonjs', moduleResolution: 'node10' } },
  { name: 'node16', type: 'commonjs', compiler: 'typescript', options: { module: 'node16' } },
  { name: 'nodenext', type: 'module', compiler: 'typescript', options: { module: 'nodenext' } },
  {
    name: 'bundler',
    type: 'module',
    compiler: 'typescript',
    options: { module: 'esnext', moduleResolution: 'bundler' },
  },
];

/** `run(title, command, args)` as test-package has it; `project` has ottla, both compilers, vitest, kafkajs installed. */
export function checkTypes({ project, root, run }) {
  const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  // The reference shows declarations of the package itself.
  const withCode = documents.filter((name) => name.endsWith('.md') && name !== 'docs/testing-api.md');
  const snippets = snippetsOf(withCode.map((name) => join(root, name)));
  for (const { name, type, compiler, options } of SETTINGS) {
    const files = { 'use.ts': USE };
    // What imports vitest is an ES module, as vitest is; where files are CommonJS it has a name that says so.
    const extension = ({ text }) => (/'(ottla\/)?vitest/.test(text) && name === 'node16' ? 'mts' : 'ts');
    for (const snippet of snippets) files[`${snippet.name}.${extension(snippet)}`] = snippet.text;
    const own = { ...COMMON, skipLibCheck: true, types: ['node', 'jest'], ...options };
    const folder = layOut(project, name, type, files, own);
    run(`types: ${Object.keys(files).length} files, ${name}`, process.execPath, [tsc(project, compiler), '-p', folder]);
  }
  for (const { name, type, compiler, options } of SETTINGS) {
    const own = { ...COMMON, skipLibCheck: false, types: [], ...options };
    const folder = layOut(project, `alone-${name}`, type, { 'use.ts': USE }, own);
    run(`types: without @types/node, ${name}`, process.execPath, [tsc(project, compiler), '-p', folder]);
  }
}

function layOut(project, name, type, files, compilerOptions) {
  const folder = join(project, 'types', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*'] }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

function tsc(project, compiler) {
  return join(project, 'node_modules', compiler, 'bin', 'tsc');
}
