import { describe, expect, test } from 'vitest';
import { TopicRegistry } from '../../src/partitions/topic-registry.ts';

/** Two ids with the same first bytes, and one of its own. */
const IDS = ['AAAAAAAAAAAAAAAAAAAAAQ', 'AAAAAAAAAAAAAAAAAAAAAg', 'zAAAAAAAAAAAAAAAAAAAAw'];

function registryOf(ids: readonly string[]): TopicRegistry {
  const registry = new TopicRegistry();
  for (const id of ids) registry.define({ name: `topic-${id}`, id, count: 1 });
  return registry;
}

function bytesOf(id: string): Buffer {
  return Buffer.concat([Buffer.from([0xff]), Buffer.from(id, 'base64url')]);
}

describe('a topic registry', () => {
  test('finds topics by the bytes of their ids, even where two begin alike', () => {
    const registry = registryOf(IDS);
    for (const id of IDS) expect(registry.byIdBytes(bytesOf(id), 1)).toBe(registry.byId(id));
  });

  test('finds none by the bytes of an id that only begins as one that is there', () => {
    expect(registryOf(IDS).byIdBytes(bytesOf('AAAAAAAAAAAAAAAAAAAABA'), 1)).toBeUndefined();
  });

  test('forgets a topic that is removed, and keeps the one whose id begins alike', () => {
    const registry = registryOf(IDS);
    registry.remove(registry.byId(IDS[0])!);
    expect(registry.byIdBytes(bytesOf(IDS[0]), 1)).toBeUndefined();
    expect(registry.byIdBytes(bytesOf(IDS[1]), 1)?.id).toBe(IDS[1]);
  });
});
