import { describe, expect, test } from 'vitest';
import { listenerOfPeers, resolveListeners } from '../../src/config/listeners.ts';
import { serverConfig } from '../../src/config/server.ts';
import { combineSettings } from '../../src/config/settings.ts';

const resolve = (given: Record<string, string>) => {
  const settings = combineSettings({ file: new Map(Object.entries(given)) }).values;
  const { open, advertised, interBroker } = resolveListeners(serverConfig(settings), (key) => settings.has(key));
  const url = (endpoint: { name: string; protocol: string; host: string; port: number }) =>
    `${endpoint.name}/${endpoint.protocol}://${endpoint.host}:${endpoint.port}`;
  return { open: open.map(url), advertised: [...advertised.values()].map(url), interBroker };
};

describe('listeners', () => {
  test('are one on all interfaces by default, advertised as localhost', () => {
    expect(resolve({})).toEqual({
      open: ['PLAINTEXT/PLAINTEXT://:9092'],
      advertised: ['PLAINTEXT/PLAINTEXT://localhost:9092'],
      interBroker: 'PLAINTEXT',
    });
  });

  test('advertise their own host when it is one', () => {
    expect(resolve({ listeners: 'PLAINTEXT://[::1]:0,SSL://0.0.0.0:1' }).advertised).toEqual([
      'PLAINTEXT/PLAINTEXT://::1:0',
      'SSL/SSL://localhost:1',
    ]);
  });

  test('follow advertised.listeners on all interfaces when only that is given', () => {
    expect(resolve({ 'advertised.listeners': 'PLAINTEXT://kafka:9092,SSL://kafka:9093' })).toMatchObject({
      open: ['PLAINTEXT/PLAINTEXT://:9092', 'SSL/SSL://:9093'],
      advertised: ['PLAINTEXT/PLAINTEXT://kafka:9092', 'SSL/SSL://kafka:9093'],
    });
  });

  test('of the controller are accepted and not opened', () => {
    expect(
      resolve({
        listeners: 'HOST://0.0.0.0:9092,DOCKER://:19092,CONTROLLER://:9093',
        'controller.listener.names': 'CONTROLLER',
        'advertised.listeners': 'HOST://localhost:9092,DOCKER://broker:19092',
        'inter.broker.listener.name': 'docker',
        'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,host:plaintext,DOCKER:SASL_PLAINTEXT',
      }),
    ).toEqual({
      open: ['HOST/PLAINTEXT://0.0.0.0:9092', 'DOCKER/SASL_PLAINTEXT://:19092'],
      advertised: ['HOST/PLAINTEXT://localhost:9092', 'DOCKER/SASL_PLAINTEXT://broker:19092'],
      interBroker: 'DOCKER',
    });
  });

  test('may share a port when one is IPv4 and the other IPv6', () => {
    expect(resolve({ listeners: 'PLAINTEXT://127.0.0.1:9092,SSL://[::1]:9092' }).open).toHaveLength(2);
  });

  test.each([
    [{ listeners: 'PLAINTEXT://a:9092,SSL://b:9092' }, /different port: listeners uses 9092 for PLAINTEXT and SSL/],
    [{ listeners: 'PLAINTEXT://:9092,PLAINTEXT://:9093' }, /different name: listeners holds PLAINTEXT twice/],
    [{ listeners: 'FRONT://:9092' }, /No security protocol defined for listener FRONT: add FRONT:PLAINTEXT/],
    [{ listeners: 'PLAINTEXT://host' }, /Unable to parse PLAINTEXT:\/\/host in listeners.*write NAME:\/\/host:port/],
    [{ listeners: 'PLAINTEXT://:99999' }, /Unable to parse/],
    [{ listeners: 'CONTROLLER://:9093' }, /names only controllers/],
    [{ 'advertised.listeners': 'PLAINTEXT://0.0.0.0:9092' }, /cannot use the address 0\.0\.0\.0/],
    [
      { listeners: 'PLAINTEXT://:9092', 'advertised.listeners': 'SSL://a:9092' },
      /names SSL, which listeners does not open/,
    ],
    [{ 'inter.broker.listener.name': 'X' }, /not among listeners: use one of PLAINTEXT/],
    [{ 'inter.broker.listener.name': 'PLAINTEXT', 'security.inter.broker.protocol': 'SSL' }, /Only one of/],
    [{ 'listener.security.protocol.map': 'PLAINTEXT:TLS' }, /'PLAINTEXT:TLS' is not LISTENER:PROTOCOL/],
  ])('are refused with what to change: %o', (given, message) => {
    expect(() => resolve(given as Record<string, string>)).toThrow(message);
  });
});

describe('listeners of a cluster', () => {
  const found = (given: Record<string, string>) => () => {
    const settings = combineSettings({ file: new Map(Object.entries(given)) }).values;
    const config = serverConfig(settings);
    return listenerOfPeers(
      resolveListeners(config, (key) => settings.has(key)),
      config,
    ).name;
  };
  const map = 'CLIENTS:SASL_SSL,PEERS:PLAINTEXT,CONTROLLER:PLAINTEXT';

  test.each([
    [{ listeners: 'CLIENTS://:9092,PEERS://10.0.0.1:9094', 'inter.broker.listener.name': 'peers' }, 'PEERS'],
    [{ listeners: 'PEERS://:9094,CLIENTS://:9092', 'security.inter.broker.protocol': 'SASL_SSL' }, 'CLIENTS'],
    [{ listeners: 'CLIENTS://:9092,PEERS://:9094' }, 'PEERS'],
  ])('brokers connect to one another by that of %o', (given, name) => {
    expect(found({ 'listener.security.protocol.map': map, ...given })()).toBe(name);
  });

  test('are refused where brokers would have none', () => {
    const given = { listeners: 'CLIENTS://:9092', 'listener.security.protocol.map': map };
    expect(found(given)).toThrow(/=PLAINTEXT, and no listener has that protocol.*one of CLIENTS$/);
  });
});
