import { expect, test } from 'vitest';
import { RequestContexts } from '../../src/net/request-contexts.ts';
import { sessionOf } from '../apis/request-context.ts';

test('requests that differ in nothing share one context', () => {
  const contexts = new RequestContexts(7, sessionOf());
  expect(contexts.clientId).toBeNull();
  const first = contexts.of(3, 'a');
  expect(first).toMatchObject({ connectionId: 7, apiVersion: 3, clientId: 'a', session: contexts.session });
  expect(contexts.of(3, ['', 'a'].join(''))).toBe(first);
  expect(contexts.clientId).toBe('a');
});

test('a context that a waiting handler keeps does not change with the requests behind it', () => {
  const contexts = new RequestContexts(7, sessionOf());
  const kept = contexts.of(3, 'a');
  expect(contexts.of(4, 'a')).toMatchObject({ apiVersion: 4, clientId: 'a' });
  expect(contexts.of(4, null)).toMatchObject({ apiVersion: 4, clientId: null });
  expect(kept).toMatchObject({ apiVersion: 3, clientId: 'a' });
  expect(contexts.clientId).toBeNull();
});

test('once the client has authenticated, its requests have the new session, and one that waits keeps its own', () => {
  const contexts = new RequestContexts(7, sessionOf());
  const kept = contexts.of(3, 'a');
  const alice = sessionOf({ principal: { type: 'User', name: 'alice' } });
  contexts.authenticated(alice);
  expect(contexts.of(3, 'a')).toMatchObject({ session: alice, clientId: 'a' });
  expect(kept.session).not.toBe(alice);
  expect(contexts.session).toBe(alice);
  expect(contexts.clientId).toBe('a');
});

test('waits are cancelled once, and not when they were answered before', () => {
  const { waits } = new RequestContexts(7, sessionOf());
  const cancelled: string[] = [];
  waits.add(() => void cancelled.push('answered'));
  waits.clear();
  waits.add(() => void cancelled.push('one'));
  waits.add(() => {
    cancelled.push('two');
    waits.add(() => void cancelled.push('the next'));
  });
  waits.cancelAll();
  expect(cancelled).toEqual(['one', 'two']);
  waits.cancelAll();
  waits.cancelAll();
  expect(cancelled).toEqual(['one', 'two', 'the next']);
});

test('when the connection has ended, what is bound to it is told before waits are cancelled', () => {
  const { waits } = new RequestContexts(7, sessionOf());
  const told: string[] = [];
  waits.add(() => void told.push('cancelled'));
  waits.whenEnded(() => void told.push('ended'));
  waits.end();
  expect(told).toEqual(['ended', 'cancelled']);
});

test('a handler that waits only after the connection has ended is told at once', () => {
  const { waits } = new RequestContexts(7, sessionOf());
  const told: string[] = [];
  waits.end();
  waits.add(() => void told.push('cancelled'));
  waits.whenEnded(() => void told.push('ended'));
  expect(told).toEqual(['cancelled', 'ended']);
});
