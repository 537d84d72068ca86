// The code in the documents, as files that TypeScript can check: each block a module of its own, with what the text around it
// takes for granted declared before it.
import { readFileSync } from 'node:fs';

/** Names that blocks use without saying where they come from. */
const GIVEN = {
  kafka: 'declare const kafka: testing.TestBroker;',
  fault: 'declare const fault: testing.RequestFault;',
  rule: 'declare const rule: testing.RequestFault;',
  bytes: 'declare const bytes: Uint8Array;',
  startApp: 'declare function startApp(brokers: string[]): Promise<{ stop(): Promise<void> }>;',
  startBilling: 'declare function startBilling(brokers: string[]): Promise<{ stop(): Promise<void> }>;',
  Order: 'interface Order { id: number; price: number; count: number; state: string }',
};

/** Imported where a block uses it and does not say so. */
const IMPORTED = {
  Kafka: "import { Kafka } from 'kafkajs';",
  expect: "import { expect } from 'vitest';",
  startBroker: "import { startBroker } from 'ottla/testing';",
  connectBroker: "import { connectBroker } from 'ottla/testing';",
  kafkaTest: "import { kafkaTest } from 'ottla/vitest';",
};

/** Every block of TypeScript in these documents, and of JavaScript, which is TypeScript too: `{ name, text }`. */
export function snippetsOf(documents) {
  return documents.flatMap((document) => {
    const text = readFileSync(document, 'utf8');
    return [...text.matchAll(/^```(ts|typescript|js|javascript)\n(.*?)^```/gms)].map(({ index, 2: code }) => ({
      name: `${document.replace(/^.*\//, '').replace(/\W+/g, '-')}-${text.slice(0, index).split('\n').length + 1}`,
      text: moduleOf(code),
    }));
  });
}

function moduleOf(code) {
  const lines = code.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import ')).join('\n');
  const isDeclared = (name) =>
    new RegExp(`\\b(const|let|class|function|interface|type) (\\{[^}]*)?\\b${name}\\b`).test(code);
  const isImported = (name) => imports.some((line) => new RegExp(`\\b${name}\\b`).test(line));
  const isUsed = (name) => new RegExp(`(^|[^.\\w'"])${name}\\b`).test(rest);
  const wanted = (names) => Object.keys(names).filter((name) => isUsed(name) && !isDeclared(name) && !isImported(name));
  const head = [
    ...imports,
    ...wanted(IMPORTED).map((name) => IMPORTED[name]),
    "import type * as testing from 'ottla/testing';",
    ...wanted(GIVEN).map((name) => GIVEN[name]),
    ...(code.includes('globalThis.kafka') ? ['declare global { var kafka: testing.TestBroker }'] : []),
  ];
  // Exports cannot stand in a function, and what is awaited must, where modules are CommonJS.
  const body = /^export /m.test(rest) ? rest : `export async function snippet() {\n${rest}\n}`;
  // JavaScript says no types: a variable of a broker is one, and a promise of nothing is one.
  const typed = body
    .replace(/^let kafka;$/m, 'let kafka: testing.TestBroker;')
    .replace('new Promise((', 'new Promise<void>((');
  return `${head.join('\n')}\n${typed}\n`;
}
