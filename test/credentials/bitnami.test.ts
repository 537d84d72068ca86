/** Users and certificates as Bitnami's image documents them. */
import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { bitnamiSecurity } from '../../src/credentials/bitnami.ts';

const CERTS = '/opt/bitnami/kafka/config/certs';

function read(variables: Record<string, string>, files: Record<string, string> = {}) {
  const { values } = readEnvironment(variables);
  const found = bitnamiSecurity({ variables, given: values, readFile: (path) => files[path] ?? null });
  return { ...found, settings: Object.fromEntries(found.settings), users: Object.fromEntries(found.users) };
}

const SASL = {
  KAFKA_CFG_LISTENERS: 'SASL_SSL://:9092,CONTROLLER://:9093',
  KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
};
const JAAS = 'listener.name.sasl_ssl.plain.sasl.jaas.config';

test('users are those of every listener with SASL, and the broker is one of them', () => {
  const { settings, users, warnings } = read({
    ...SASL,
    KAFKA_CLIENT_USERS: 'alice,bob',
    KAFKA_CLIENT_PASSWORDS: 'a"1;b2',
    KAFKA_INTER_BROKER_USER: 'node',
    KAFKA_INTER_BROKER_PASSWORD: 'n3',
  });
  expect(users).toEqual({ alice: 'a"1', bob: 'b2', node: 'n3' });
  expect(settings).toEqual({
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [JAAS]:
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="node" password="n3" ' +
      '"user_alice"="a\\"1" "user_bob"="b2" "user_node"="n3";',
  });
  expect(warnings).toEqual([]);
});

test('stores are JKS with one password, unless they are PEM', () => {
  const files = { [`${CERTS}/kafka.keystore.jks`]: 'bytes', [`${CERTS}/kafka.truststore.jks`]: 'bytes' };
  expect(read({ ...SASL, KAFKA_CERTIFICATE_PASSWORD: 'p' }, files).settings).toEqual({
    'ssl.client.auth': 'required',
    'ssl.key.password': 'p',
    'ssl.keystore.type': 'JKS',
    'ssl.keystore.location': `${CERTS}/kafka.keystore.jks`,
    'ssl.keystore.password': 'p',
    'ssl.truststore.type': 'JKS',
    'ssl.truststore.location': `${CERTS}/kafka.truststore.jks`,
    'ssl.truststore.password': 'p',
  });
  const pem = { [`${CERTS}/kafka.keystore.key`]: 'KEY', [`${CERTS}/kafka.keystore.pem`]: 'CHAIN' };
  expect(read({ ...SASL, KAFKA_TLS_TYPE: 'PEM', KAFKA_TLS_CLIENT_AUTH: 'none' }, pem).settings).toEqual({
    'ssl.client.auth': 'none',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': 'KEY',
    'ssl.keystore.certificate.chain': 'CHAIN',
  });
});

test('secrets may lie in files, and keys of Kafka’s go before', () => {
  const found = read(
    {
      ...SASL,
      KAFKA_CLIENT_PASSWORDS_FILE: '/run/secrets/passwords',
      KAFKA_CERTIFICATE_PASSWORD_FILE: '/run/secrets/none',
      KAFKA_CFG_SASL_ENABLED_MECHANISMS: 'PLAIN',
    },
    { '/run/secrets/passwords': 'secret\n' },
  );
  expect(found.users).toEqual({ user: 'secret' });
  expect(Object.keys(found.settings)).toEqual([JAAS]);
  expect(found.warnings).toEqual(['KAFKA_CERTIFICATE_PASSWORD_FILE is ignored: there is no file /run/secrets/none']);
});

test('names and passwords that are not as many are told of', () => {
  const { users, warnings } = read({ ...SASL, KAFKA_CLIENT_USERS: 'a,b', KAFKA_CLIENT_PASSWORDS: 'x' });
  expect(users).toEqual({ a: 'x' });
  expect(warnings).toEqual([expect.stringContaining('2 names and KAFKA_CLIENT_PASSWORDS 1')]);
});

test('without a listener that needs them nothing is set', () => {
  expect(read({ KAFKA_CLIENT_USERS: 'a', KAFKA_CLIENT_PASSWORDS: 'b', KAFKA_CERTIFICATE_PASSWORD: 'c' })).toEqual({
    settings: {},
    users: {},
    warnings: [],
  });
  expect(readEnvironment({ KAFKA_CLIENT_USERS: 'a', KAFKA_TLS_TYPE: 'PEM' }).values.size).toBe(0);
});
