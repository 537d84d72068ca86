import { describe, expect, it } from 'vitest';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { maxSegmentMs, rollJitterMs } from '../../src/log/roll-age.ts';
import { append, batchOf, DIRECTORY, fixture, readAll, stateOf } from './log-fixture.ts';

describe('segments', () => {
  it('roll for max.compaction.lag.ms where that is shorter than segment.ms', () => {
    const config = { ...defaultLogConfig, segmentMs: 1000, maxCompactionLagMs: 300 };
    expect(maxSegmentMs(config)).toBe(1000);
    expect(maxSegmentMs({ ...config, cleanupCompact: true })).toBe(300);
    const log = fixture({ ...config, cleanupCompact: true }).open();
    for (const at of [1000, 1300, 1301]) append(log, batchOf(['v'], { timestamps: [at] }));
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2]);
  });

  it('roll sooner by a jitter that differs from log to log and stays the same for each', () => {
    const config = { ...defaultLogConfig, segmentMs: 1000, segmentJitterMs: 5000 };
    const jitters = Array.from({ length: 100 }, (_, i) => rollJitterMs(config, `/data/t-${i}/0.log`));
    expect(jitters).toEqual(Array.from({ length: 100 }, (_, i) => rollJitterMs(config, `/data/t-${i}/0.log`)));
    expect(Math.min(...jitters)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...jitters)).toBeLessThan(1000);
    expect(new Set(jitters).size).toBeGreaterThan(80);
    expect(rollJitterMs({ ...config, segmentJitterMs: 0 }, 'x')).toBe(0);
  });

  it('take their full size at once with preallocate, and give back what they do not need', () => {
    const made = fixture({ preallocate: true, segmentBytes: 1000 });
    const log = made.open();
    const sizes = () =>
      made.files
        .list(DIRECTORY)
        .filter((name) => name.endsWith('.log'))
        .map((name) => made.files.size(`${DIRECTORY}/${name}`));
    expect(sizes()).toEqual([1000]);
    for (let i = 0; i < 20; i++) append(log, batchOf([`v${i}`]));
    made.stage.flush();
    const [closed, active] = log.segments;
    expect(sizes()).toEqual([closed.size, 1000]);
    expect(active.size).toBeLessThan(1000);
    const state = stateOf(log);
    expect(readAll(made.open({ cleanShutdown: false }))).toEqual(state.records); // after a crash: zeros behind the end
    log.close();
    expect(sizes()).toEqual([closed.size, active.size]);
    expect(stateOf(made.open())).toEqual(state);
  });
});
