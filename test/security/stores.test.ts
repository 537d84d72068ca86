/** Key stores as keytool and OpenSSL write them, names as Java writes them, and what is said of a store that cannot be used. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { subjectOf } from '../../src/security/tls/distinguished-name.ts';
import { PrincipalMapping } from '../../src/security/tls/principal-mapping.ts';
import {
  readKeyMaterial,
  readStoreFile,
  readTrust,
  type StoreReader,
  type StoreSettings,
} from '../../src/security/tls/stores.ts';
import subjects from './subjects.json' with { type: 'json' };

const fileOf = (name: string): string => fileURLToPath(new URL(`stores/${name}`, import.meta.url));
const textOf = (name: string): string => readFileSync(fileOf(name), 'utf8');

function settings(values: Readonly<Record<string, string>>): StoreSettings {
  return { text: (key) => values[key] ?? null, nameOf: (key) => key };
}

const warnings: string[] = [];
const reader: StoreReader = {
  readFile: readStoreFile,
  warn: (message) => void warnings.push(message),
  now: () => Date.now(),
};

const keys = (values: Readonly<Record<string, string>>) => readKeyMaterial(settings(values), reader);
const trust = (values: Readonly<Record<string, string>>) => readTrust(settings(values), reader);

const STORES: readonly (readonly [string, Record<string, string>])[] = [
  ['PKCS12', { type: 'PKCS12', location: fileOf('broker.p12'), password: 'storesecret' }],
  ['PKCS12 where JKS is said', { location: fileOf('broker.p12'), password: 'storesecret' }],
  ['PKCS12 with RC2 and 3DES', { type: 'PKCS12', location: fileOf('old.p12'), password: 'storesecret' }],
  ['JKS', { type: 'jks', location: fileOf('broker.jks'), password: 'jkssecret' }],
];

describe('key stores', () => {
  test.each(STORES)('%s', async (what, store) => {
    const values = Object.fromEntries(Object.entries(store).map(([key, value]) => [`ssl.keystore.${key}`, value]));
    const material = await keys({ ...values, ...(what === 'JKS' ? { 'ssl.key.password': 'keysecret' } : {}) });
    expect(material?.certificate.subject).toContain('CN=localhost');
    expect(material?.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test('a key on a curve', async () => {
    const material = await keys({ 'ssl.keystore.location': fileOf('ec.p12'), 'ssl.keystore.password': 'storesecret' });
    expect(material?.certificate.subject).toBe('CN=ec');
  });

  test('PEM, encrypted, with line feeds written out or none', async () => {
    const pem = { 'ssl.keystore.type': 'PEM', 'ssl.key.password': 'keysecret' };
    for (const shape of [(text: string) => text, (text: string) => text.replaceAll('\n', '\\n'), onOneLine]) {
      const material = await keys({
        ...pem,
        'ssl.keystore.key': shape(textOf('encrypted-key.pem')),
        'ssl.keystore.certificate.chain': shape(textOf('certificate.pem')),
      });
      expect(material?.chain).toHaveLength(1);
    }
    expect(await keys({})).toBeNull();
  });

  test('a key in PKCS#1 is read, and warned of', async () => {
    warnings.length = 0;
    const material = await keys({
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': textOf('pkcs1-key.pem'),
      'ssl.keystore.certificate.chain': textOf('certificate.pem'),
    });
    expect(material?.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(warnings.join('')).toContain('PKCS#1');
  });

  const onOneLine = (text: string): string => text.trim().replaceAll('\n', ' ');
  const PEM = { 'ssl.keystore.type': 'PEM' };
  const inline = {
    ...PEM,
    'ssl.keystore.key': textOf('pkcs1-key.pem'),
    'ssl.keystore.certificate.chain': textOf('certificate.pem'),
  };
  const REFUSALS: readonly (readonly [string, Record<string, string>, string])[] = [
    [
      'no file',
      { 'ssl.keystore.location': '/nowhere.jks' },
      'ssl.keystore.location=/nowhere.jks: there is no such file',
    ],
    [
      'a wrong password',
      { 'ssl.keystore.location': fileOf('broker.jks'), 'ssl.keystore.password': 'x' },
      'broker.jks: the password of the store is wrong',
    ],
    [
      'a wrong password of PKCS12',
      { 'ssl.keystore.location': fileOf('broker.p12'), 'ssl.keystore.password': 'x' },
      'broker.p12: the password of the store is wrong',
    ],
    [
      'a wrong password of the key',
      { 'ssl.keystore.location': fileOf('broker.jks'), 'ssl.keystore.password': 'jkssecret', 'ssl.key.password': 'x' },
      'the password of the private key is wrong: set ssl.key.password',
    ],
    [
      'no key in it',
      { 'ssl.keystore.location': fileOf('trust.jks'), 'ssl.keystore.password': 'trustjks' },
      'it holds no private key (aliases: ca)',
    ],
    [
      'no store',
      { 'ssl.keystore.location': fileOf('certificate.pem'), 'ssl.keystore.password': 'x' },
      'it is no key store of type JKS or PKCS12',
    ],
    ['an unknown type', { ...inline, 'ssl.keystore.type': 'BCFKS' }, 'write PEM, PKCS12 or JKS'],
    ['a key without its chain', { ...PEM, 'ssl.keystore.key': 'x' }, 'ssl.keystore.certificate.chain is missing'],
    ['a chain without its key', { ...PEM, 'ssl.keystore.certificate.chain': 'x' }, 'ssl.keystore.key is missing'],
    ['both ways', { ...inline, 'ssl.keystore.location': '/x' }, 'are given; only one of them may be'],
    [
      'PEM with a password of the store',
      { ...inline, 'ssl.keystore.password': 'x' },
      'cannot be set for a store of type PEM',
    ],
    [
      'an encrypted key without its password',
      { ...inline, 'ssl.keystore.key': textOf('encrypted-key.pem') },
      'the private key is encrypted: set ssl.key.password',
    ],
    [
      'an encrypted key with another password',
      { ...inline, 'ssl.keystore.key': textOf('encrypted-key.pem'), 'ssl.key.password': 'x' },
      'the password of the private key is wrong (ssl.key.password)',
    ],
    ['key and certificate of two stores', {}, 'key and certificate do not belong together'],
  ];
  test.each(REFUSALS)('are refused with %s', async (what, values, complaint) => {
    const other = async () => {
      const ec = await keys({ 'ssl.keystore.location': fileOf('ec.p12'), 'ssl.keystore.password': 'storesecret' });
      return { ...inline, 'ssl.keystore.key': ec!.key };
    };
    await expect(keys(what.startsWith('key and') ? await other() : values)).rejects.toThrow(complaint);
  });

  test('are refused where no file is named, or one that is no store by its size', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ottla-stores-'));
    const at = (name: string): string => join(directory, name);
    const large = 1 << 25;
    writeFileSync(at('large.p12'), '');
    truncateSync(at('large.p12'), large);
    if (process.platform !== 'win32') execFileSync('mkfifo', [at('pipe.p12')]);
    const read = (path: string) => keys({ 'ssl.keystore.location': path });
    try {
      await expect(read(directory)).rejects.toThrow(
        `ssl.keystore.location=${directory}: it is a directory, not a file`,
      );
      await expect(read(at('large.p12'))).rejects.toThrow('large.p12: it is larger than 16777216 bytes');
      if (process.platform === 'win32') return;
      await expect(read(at('pipe.p12'))).rejects.toThrow('pipe.p12: it is a pipe or a device, not a file');
      await expect(read('/dev/zero')).rejects.toThrow('/dev/zero: it is a pipe or a device, not a file');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('cut at any byte they are refused, and nothing else happens', async () => {
    for (const name of ['broker.jks', 'ec.p12', 'trust.p12']) {
      const whole = readFileSync(fileOf(name));
      for (let end = 0; end < whole.length; end += 61) {
        const cut = { ...reader, readFile: () => whole.subarray(0, end) };
        const values = { 'ssl.keystore.location': name, 'ssl.keystore.password': 'storesecret' };
        await expect(readKeyMaterial(settings(values), cut)).rejects.toThrow(name);
      }
    }
  });
});

test('trust stores of each type hold the same', async () => {
  const [pem] = (await trust({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': fileOf('certificate.pem') }))!;
  for (const [name, password] of [
    ['trust.p12', 'trust12'],
    ['trust.jks', 'trustjks'],
  ] as const) {
    const [certificate] = (await trust({
      'ssl.truststore.location': fileOf(name),
      'ssl.truststore.password': password,
    }))!;
    expect(certificate.replace(/\s/g, '')).toBe(pem.replace(/\s/g, ''));
  }
  await expect(trust({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': 'x' })).rejects.toThrow(
    'it holds no certificate',
  );
  expect(await trust({})).toBeNull();
});

test.each(subjects)('Java writes $name', ({ name, certificate }) => {
  expect(subjectOf(Buffer.from(certificate, 'base64'))).toBe(name);
});

test('a certificate cut at any byte has no name', () => {
  const whole = Buffer.from(subjects[0].certificate, 'base64');
  for (let end = 0; end < whole.length; end++)
    expect(() => subjectOf(whole.subarray(0, end)), `${end} bytes`).toThrow(/DER|range|subject|undefined/);
});

describe('ssl.principal.mapping.rules', () => {
  // Kafka's own cases.
  test.each([
    ['DEFAULT', 'CN=a,OU=b', 'CN=a,OU=b'],
    ['', 'CN=a', null],
    ['RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/', 'CN=Duke,OU=ServiceUsers,O=Org,C=US', 'Duke'],
    [
      'RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L',
      'CN=Duke,OU=SME,O=mycp,L=Fulton,ST=MD,C=US',
      'duke@sme',
    ],
    ['RULE:^cn=(.*?),ou=(.*?),dc=(.*?),dc=(.*?)$/$1@$2/U', 'cn=duke,ou=JavaSoft,dc=Sun,dc=com', 'DUKE@JAVASOFT'],
    ['RULE:^CN=([^,ADEFLTU,]+)(,.*|$)/$1/', 'CN=Duke', null],
    ['RULE:^CN=([^,DEFAULT,]+)(,.*|$)/$1/, DEFAULT', 'CN=x,OU=y', 'x'],
    ['RULE:^CN=x$/y/,RULE:^CN=(.*)$/$1$2/', 'CN=z', 'z$2'],
    ['RULE:^CN=(\\w+)\\/(.*)$/$1-$2/', 'CN=a/b', 'a-b'],
    ['DEFAULT,RULE:^CN=(.*)$/$1/', 'CN=a', 'CN=a'],
  ])('%s of %s is %s', (rules, subject, name) => {
    expect(new PrincipalMapping(rules).nameOf(subject)).toBe(name);
  });

  test.each([
    'default',
    'DEFAULT/L',
    'DEFAULT/',
    'RULE:CN=(.*?),OU=ServiceUsers.*/$1',
    'rule:^CN=(.*?),OU=ServiceUsers.*$/$1/L',
    'RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L/U',
    'RULE:^CN=(.*?),OU=ServiceUsers.*$/L',
    'RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/LU',
    'RULE:^CN=(/$1/',
  ])('%s is none', (rules) => {
    expect(() => new PrincipalMapping(rules)).toThrow('ssl.principal.mapping.rules: Invalid rule: `');
  });
});
