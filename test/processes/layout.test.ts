import { expect, test } from 'vitest';
import { combineSettings } from '../../src/config/settings.ts';
import { layoutOf } from '../../src/processes/layout.ts';

function layout(given: Readonly<Record<string, string>>) {
  const settings = { 'ottla.processes': '3', 'log.dirs': 'data', ...given };
  return layoutOf(combineSettings({ set: new Map(Object.entries(settings)) }).values, 'machine');
}

test('each broker has a number, a port and a directory of its own; the controller comes behind them', () => {
  const { controller, brokers } = layout({
    'node.id': '4',
    listeners: 'PLAINTEXT://127.0.0.1:9192',
    'broker.rack': 'r',
  });
  const of = (settings: ReadonlyMap<string, string>) =>
    ['process.roles', 'node.id', 'listeners', 'log.dirs', 'broker.rack'].map((key) => settings.get(key));
  expect(of(controller)).toEqual(['controller', '3004', 'CONTROLLER://127.0.0.1:9195', 'data/controller', 'r']);
  expect(brokers.map(of)).toEqual([
    ['broker', '4', 'PLAINTEXT://127.0.0.1:9192', 'data/broker-4', 'r'],
    ['broker', '5', 'PLAINTEXT://127.0.0.1:9193', 'data/broker-5', 'r'],
    ['broker', '6', 'PLAINTEXT://127.0.0.1:9194', 'data/broker-6', 'r'],
  ]);
});

test('the machine is their rack, and the controller is for this machine alone, unless it is told otherwise', () => {
  const { controller, brokers } = layout({});
  expect(controller.get('listeners')).toBe('CONTROLLER://127.0.0.1:9095');
  expect(brokers.map((each) => [each.get('broker.rack'), each.get('listeners')])).toEqual([
    ['machine', 'PLAINTEXT://:9092'],
    ['machine', 'PLAINTEXT://:9093'],
    ['machine', 'PLAINTEXT://:9094'],
  ]);
  const inEtcd = layout({ 'ottla.etcd.endpoints': '127.0.0.1:2379', listeners: 'PLAINTEXT://10.0.0.7:9092' });
  expect(inEtcd.controller.get('listeners')).toBe('CONTROLLER://10.0.0.7:9095');
  expect(inEtcd.controller.get('ottla.etcd.endpoints')).toBe('127.0.0.1:2379');
  expect(inEtcd.brokers.map((each) => each.has('ottla.etcd.endpoints'))).toEqual([false, false, false]);
  const placed = layout({ listeners: 'PLAINTEXT://:9092,CONTROLLER://127.0.0.1:7000' });
  expect(placed.controller.get('listeners')).toBe('CONTROLLER://127.0.0.1:7000');
});

test('what is told of a port is told of each: advertised listeners, metrics; free ports stay free', () => {
  const { brokers } = layout({ 'advertised.listeners': 'PLAINTEXT://host:19092', 'ottla.metrics.port': '9400' });
  expect(brokers.map((each) => each.get('advertised.listeners'))).toEqual([
    'PLAINTEXT://host:19092',
    'PLAINTEXT://host:19093',
    'PLAINTEXT://host:19094',
  ]);
  expect(brokers.map((each) => each.get('ottla.metrics.port'))).toEqual(['9400', '9401', '9402']);
  const free = layout({ listeners: 'PLAINTEXT://127.0.0.1:0', 'ottla.metrics.port': '0' });
  expect(free.controller.get('listeners')).toBe('CONTROLLER://127.0.0.1:0');
  expect(new Set(free.brokers.map((each) => each.get('listeners')))).toEqual(new Set(['PLAINTEXT://127.0.0.1:0']));
});

test('three processes keep three replicas, two keep one, and settings decide otherwise', () => {
  const factors = (settings: ReadonlyMap<string, string>) =>
    ['default.replication.factor', 'min.insync.replicas', 'offsets.topic.replication.factor'].map((key) =>
      settings.get(key),
    );
  const three = layout({});
  for (const each of [three.controller, ...three.brokers]) expect(factors(each)).toEqual(['3', '2', '3']);
  expect(factors(layout({ 'ottla.processes': '2' }).brokers[0])).toEqual([undefined, undefined, '1']);
  expect(factors(layout({ 'default.replication.factor': '1' }).controller)).toEqual(['1', '2', '3']);
});

test('a directory for each broker lies in each of several', () => {
  const { directories, brokers, controller } = layout({ 'log.dirs': '/a,/b' });
  expect(directories).toEqual(['/a', '/b']);
  expect(brokers.map((each) => each.get('log.dirs'))).toEqual([
    '/a/broker-1,/b/broker-1',
    '/a/broker-2,/b/broker-2',
    '/a/broker-3,/b/broker-3',
  ]);
  expect(controller.get('log.dirs')).toBe('/a/controller');
});

test.each([
  [{ 'process.roles': 'broker', 'controller.quorum.bootstrap.servers': 'a:1' }, /process\.roles=broker/],
  [{ listeners: 'PLAINTEXT://:9092,SSL://:9094' }, /listeners opens 2 ports/],
])('%o do not go together with several processes', (given, message) => {
  expect(() => layout(given as unknown as Record<string, string>)).toThrow(message);
});
