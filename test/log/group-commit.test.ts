import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../src/log/group-commit.ts';

/** Syncs that return when told to, and what became of those who joined. */
function commits() {
  const syncs: { done: () => void; fail: (error: Error) => void }[] = [];
  const group = new GroupCommit(() => new Promise((done, fail) => syncs.push({ done, fail })));
  const told: string[] = [];
  const join = (who: string) => {
    group.join().then(
      () => told.push(who),
      () => told.push(`${who} failed`),
    );
    group.start();
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { group, syncs, told, join, settled };
}

describe('a group commit', () => {
  it('has one sync under way; those who come meanwhile share the next', async () => {
    const { syncs, told, join, settled } = commits();
    join('a');
    join('b');
    join('c');
    expect(syncs).toHaveLength(1);
    syncs[0].done();
    await settled();
    expect(told).toEqual(['a']);
    expect(syncs).toHaveLength(2);
    syncs[1].done();
    await settled();
    expect(told).toEqual(['a', 'b', 'c']);
    expect(syncs).toHaveLength(2);
  });

  it('fails those whose sync failed, and no others', async () => {
    const { syncs, told, join, settled, group } = commits();
    join('a');
    join('b');
    syncs[0].fail(new Error('EIO'));
    await settled();
    syncs[1].done();
    await settled();
    expect(told).toEqual(['a failed', 'b']);
    expect(group.isPending).toBe(false);
  });

  it('does not begin before it is told to', async () => {
    const { group, syncs, settled } = commits();
    void group.join();
    await settled();
    expect(syncs).toHaveLength(0);
    expect(group.isPending).toBe(true);
  });
});
