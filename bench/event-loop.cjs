// Loaded into the broker by scale-delay.ts (--require): answers each SIGUSR2 with a line on standard output that says, in
// milliseconds since the last one, how late the event loop was, and how much processor time it took between two looks a
// millisecond apart. On a busy machine the first is mostly other processes' doing; the second is the broker's alone.
'use strict';
const { createHistogram, monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const work = createHistogram();
delay.enable();

let before = process.threadCpuUsage();
setInterval(() => {
  const now = process.threadCpuUsage();
  work.record(Math.max(1, now.user + now.system - before.user - before.system));
  before = now;
}, RESOLUTION_MS).unref();

process.on('SIGUSR2', () => {
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const facts = {
    late: { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) },
    work: { p50: work.percentile(50) / 1000, p99: work.percentile(99) / 1000, max: work.max / 1000 },
  };
  process.stdout.write(`event-loop ${JSON.stringify(facts)}\n`);
  delay.reset();
  work.reset();
});
