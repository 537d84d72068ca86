/** Which controllers a process asks, by the settings that Kafka has for that. */
import { expect, test } from 'vitest';
import { controllersOf } from '../../src/config/quorum.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { combineSettings } from '../../src/config/settings.ts';

function controllers(settings: Readonly<Record<string, string>>) {
  const { values } = combineSettings({ set: new Map(Object.entries(settings)) });
  return controllersOf(effectiveConfig({ static: values, cluster: new Map(), broker: new Map() }));
}

test('a process that is controller, too, asks none', () => {
  expect(controllers({})).toBe(null);
  expect(controllers({ 'controller.quorum.voters': '1@a:9093' })).toBe(null);
});

test('several controllers that would have to agree by themselves are refused, and not where etcd is there', () => {
  const voters = { 'controller.quorum.voters': '1@a:9093,2@b:9093,3@c:9093' };
  expect(() => controllers(voters)).toThrow('names 3 controllers, which agree by etcd: set ottla.etcd.endpoints');
  expect(controllers({ ...voters, 'ottla.etcd.endpoints': '127.0.0.1:2379' })).toBe(null);
});

test('a broker asks the bootstrap servers, else the voters', () => {
  const voters = { 'process.roles': 'broker', 'node.id': '4', 'controller.quorum.voters': '1@a:9093,2@[::1]:9094' };
  expect(controllers(voters)).toMatchObject([
    { host: 'a', port: 9093 },
    { host: '::1', port: 9094 },
  ]);
  expect(controllers({ ...voters, 'controller.quorum.bootstrap.servers': 'b:1' })).toEqual([{ host: 'b', port: 1 }]);
});

test.each([
  [{}, 'process.roles=broker needs controllers to ask'],
  [{ 'controller.quorum.voters': '1@a:9093' }, 'node.id 1 is among controller.quorum.voters'],
  [{ 'controller.quorum.voters': 'a:9093' }, 'write id@host:port'],
  [{ 'controller.quorum.bootstrap.servers': 'a' }, 'write host:port'],
  [{ 'controller.quorum.bootstrap.servers': 'a:0' }, 'write host:port'],
  [
    { 'controller.quorum.bootstrap.servers': 'a:1', listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093' },
    'listeners opens CONTROLLER',
  ],
])('a broker with %j is refused', (settings: Record<string, string>, message) => {
  expect(() => controllers({ 'process.roles': 'broker', ...settings })).toThrow(message);
});
