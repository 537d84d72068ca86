/** kafka-consumer-groups: what shows that each flag has its effect, as Apache Kafka 4.3 answers the same. */
import { expect } from 'vitest';
import type { TestBroker } from '../../../src/testing/index.ts';
import { fresh, type Case, type Cases, type Run } from './flag-case.ts';
import { fileWith } from './tool.ts';

/** orders with three partitions of 0, 2 and 1 records, as in what was asked of Kafka. */
async function orders(kafka: TestBroker): Promise<string> {
  const name = fresh('orders');
  await kafka.createTopic({ name, partitions: 3 });
  for (const partition of [1, 1, 2]) await kafka.produce(name, { value: 'x', partition });
  return name;
}

/** A group that has committed offset 0 of each partition by hand, and never had a member. */
async function byHand(run: Run, topic: string, to = '--to-earliest'): Promise<string> {
  const group = fresh('group');
  await run(`kafka-consumer-groups --reset-offsets --group ${group} --topic ${topic} ${to} --execute`);
  return group;
}

/** The cells of each line, without the heading. */
function cells(out: string): string[][] {
  const lines = out.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('GROUP'));
  return lines.map((line) => line.trim().split(/\s+/));
}

/** The new offsets that a plan has. */
async function planned(run: Run, group: string, topic: string, flags: string): Promise<number[]> {
  const line = `kafka-consumer-groups --reset-offsets --group ${group} --topic ${topic} ${flags}`;
  const { out } = await run(line);
  return cells(out)
    .filter(([first]) => first === group)
    .map((row) => Number(row.at(-1)));
}

/** What the flag makes of offsets 0, 0, 0 in partitions that end at 0, 2 and 1. */
function plans(flags: string, expected: number[]): Exclude<Case, string> {
  return async (run, kafka) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    expect(await planned(run, group, topic, flags)).toEqual(expected);
  };
}

const groups: Cases = {
  list: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    expect((await run(`${tool}--list`)).out.split('\n')).toContain(group);
  },
  describe: async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const { code, out, err } = await run(`${tool}--describe --group ${group}`);
    expect([code, err]).toEqual([0, `\nConsumer group '${group}' has no active members.\n`]);
    expect(cells(out)).toEqual([
      [group, topic, '0', '0', '0', '0', '-', '-', '-'],
      [group, topic, '1', '0', '2', '2', '-', '-', '-'],
      [group, topic, '2', '0', '1', '1', '-', '-', '-'],
    ]);
    const nope = await run(`${tool}--describe --group nope`);
    expect(nope).toMatchObject({ code: 0, out: expect.stringContaining('Group nope not found.') });
  },
  delete: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--delete --group ${group} --group nope`);
    expect(out).toContain("* Group 'nope' could not be deleted due to: ");
    expect(out).toContain(`These consumer groups were deleted successfully: '${group}'`);
  },
  'delete-offsets': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const { out } = await run(`${tool}--delete-offsets --group ${group} --topic ${topic}:1`);
    expect(out).toContain(`Request succeeded for deleting offsets from group ${group}.`);
    expect(cells((await run(`${tool}--describe --group ${group}`)).out)).toHaveLength(2);
    expect((await run(`${tool}--delete-offsets --group ${group} --topic ${topic}:9`)).out).toContain(
      'Encountered some partition-level error',
    );
    expect((await run(`${tool}--delete-offsets --group nope --topic ${topic}`)).out).toContain('Error: ');
  },
  'reset-offsets': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const plan = await run(`${tool}--reset-offsets --group ${group} --topic ${topic}:1,2 --to-latest`);
    expect(cells(plan.out)).toEqual([
      [group, topic, '1', '2'],
      [group, topic, '2', '1'],
    ]);
    expect(plan.err).toContain('--execute');
    const strange = await run(`${tool}--reset-offsets --group ${group} --topic ${topic}:9 --to-latest`);
    expect(strange.out).toContain(`The partitions "${topic}-9" do not exist`);
    expect(await run(`${tool}--reset-offsets --group ${group} --topic ${topic}:x --to-latest`)).toMatchObject({
      code: 1,
    });
  },
  'validate-regex': async (run, _kafka, tool) => {
    expect((await run(`${tool}--validate-regex a*`)).out).toBe('The regular expression `a*` is valid.\n');
    expect((await run(`${tool}--validate-regex 'a('`)).out).toContain('is invalid: ');
  },
  group: async (run, kafka, tool) => {
    const [one, other] = [await byHand(run, await orders(kafka)), await byHand(run, await orders(kafka))];
    const { out } = await run(`${tool}--describe --group ${one} --group ${other}`);
    expect(new Set(cells(out).map(([group]) => group))).toEqual(new Set([one, other]));
    expect(await run(`${tool}--describe`)).toMatchObject({ code: 1, err: expect.stringContaining('--group NAME') });
  },
  // Those that never had a member too.
  'all-groups': async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    expect(cells((await run(`${tool}--describe --all-groups`)).out).map(([name]) => name)).toContain(group);
  },
  topic: plans('--to-latest', [0, 2, 1]),
  'all-topics': async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--reset-offsets --group ${group} --all-topics --to-latest`);
    expect(cells(out).map((row) => row.at(-1))).toEqual(['0', '2', '1']);
  },
  members: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--describe --group ${group} --members`);
    expect(out).toMatch(/^\nGROUP +CONSUMER-ID +HOST +CLIENT-ID +#PARTITIONS\n$/);
  },
  offsets: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const line = `${tool}--describe --group ${group}`;
    expect(await run(`${line} --offsets`)).toEqual(await run(line));
  },
  state: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--describe --group ${group} --state`);
    expect(out).toMatch(new RegExp(`\\n${group} +127.0.0.1:\\d+ +\\(0\\) +- +Empty +0\\n`));
    expect((await run(`${tool}--list --state`)).out).toMatch(new RegExp(`${group} +Empty`));
    expect((await run(`${tool}--list --state STABLE,empty`)).out).toContain(group);
    expect((await run(`${tool}--list --state Stable`)).out).not.toContain(group);
    expect(await run(`${tool}--list --state frob`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Valid states'),
    });
  },
  type: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    expect((await run(`${tool}--list --type`)).out).toMatch(new RegExp(`${group} +Classic`));
    expect((await run(`${tool}--list --type consumer`)).out).not.toContain(group);
    expect(await run(`${tool}--list --type frob`)).toMatchObject({ code: 1 });
  },
  verbose: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const heading = async (what: string) => (await run(`${tool}--describe --group ${group} ${what} --verbose`)).out;
    expect(await heading('')).toContain('PARTITION  LEADER-EPOCH    CURRENT-OFFSET');
    expect(await heading('--state')).toContain('GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS');
    expect(await heading('--members')).toContain(
      'CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT',
    );
  },
  timeout: async (run, kafka, tool) => {
    const fault = kafka.faults.on('ListGroups').delay('5s');
    const { code, out, err } = await run(`${tool}--list --timeout 150`);
    fault.remove();
    expect([code, out + err]).toEqual([expect.any(Number), expect.stringContaining('within 0.15 s')]);
  },
  'to-earliest': async (run, kafka) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic, '--to-latest');
    expect(await planned(run, group, topic, '--to-earliest')).toEqual([0, 0, 0]);
  },
  'to-latest': plans('--to-latest', [0, 2, 1]),
  'to-current': async (run, kafka) => {
    const topic = await orders(kafka);
    expect(await planned(run, fresh('group'), topic, '--to-current')).toEqual([0, 2, 1]);
    const group = await byHand(run, topic, '--to-offset 1');
    expect(await planned(run, group, topic, '--to-current')).toEqual([0, 1, 1]);
  },
  'to-offset': async (run, kafka, tool) => {
    await plans('--to-offset 1', [0, 1, 1])(run, kafka, tool);
    await plans('--to-offset 1000', [0, 2, 1])(run, kafka, tool);
    await plans('--to-offset -5', [0, 0, 0])(run, kafka, tool);
  },
  'to-datetime': async (run, kafka, tool) => {
    const topic = fresh('timed');
    await kafka.createTopic(topic);
    const noon = Date.UTC(2020, 0, 1, 12);
    for (const hour of [0, 1, 2]) await kafka.produce(topic, { value: 'x', timestamp: noon + hour * 3_600_000 });
    const group = await byHand(run, topic);
    const at = (time: string) => planned(run, group, topic, `--to-datetime ${time}`);
    const zone = process.env.TZ;
    for (const TZ of ['America/New_York', 'Asia/Kolkata', 'UTC']) {
      process.env.TZ = TZ;
      expect(await at('2020-01-01T13:00:00.000')).toEqual([1]); // UTC, whatever TZ says
    }
    process.env.TZ = zone;
    if (zone === undefined) delete process.env.TZ;
    expect(await at('2020-01-01T14:00:00.000+01:00')).toEqual([1]);
    expect(await at('2020-01-01T14:00:00.000+0100')).toEqual([1]);
    expect(await at('2020-01-01T14:00:00.000Z')).toEqual([2]);
    const line = `${tool}--reset-offsets --group ${group} --topic ${topic} --to-datetime`;
    expect((await run(`${line} 2099-01-01T00:00:00.000`)).out).toContain('Falling back to latest known offset.');
    for (const wrong of ['2020-01-01', 'yesterday', '2020-13-01T00:00:00.000']) {
      expect((await run(`${line} ${wrong}`)).out).toContain(`--to-datetime ${wrong}`);
    }
  },
  'by-duration': async (run, kafka, tool) => {
    await plans('--by-duration PT1H', [0, 0, 0])(run, kafka, tool);
    await plans('--by-duration P1DT2H', [0, 0, 0])(run, kafka, tool);
    await plans('--by-duration -PT1H', [0, 2, 1])(run, kafka, tool);
    const topic = await orders(kafka);
    const { out } = await run(`${tool}--reset-offsets --group g --topic ${topic} --by-duration 1h`);
    expect(out).toContain('--by-duration 1h: write a duration');
  },
  'shift-by': async (run, kafka, tool) => {
    await plans('--shift-by 1', [0, 1, 1])(run, kafka, tool);
    await plans('--shift-by 1000', [0, 2, 1])(run, kafka, tool);
    await plans('--shift-by -1000', [0, 0, 0])(run, kafka, tool);
    const [topic, group] = [await orders(kafka), fresh('group')];
    const line = `${tool}--reset-offsets --group ${group} --topic ${topic} --shift-by 1`;
    for (const flags of ['', '--execute']) {
      const { code, err } = await run(`${line} ${flags}`);
      expect([code, err]).toEqual([1, expect.stringContaining(`Cannot shift offset for partition ${topic}-0`)]);
    }
    expect((await run(`${tool}--describe --group ${group}`)).out).toContain('not found');
  },
  'from-file': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const from = (text: string, flags = '') =>
      run(`${tool}--reset-offsets --group ${group} --from-file ${fileWith(text)} ${flags}`);
    expect(cells((await from(`${topic},1,1\n${topic},2,99\n`)).out)).toEqual([
      [group, topic, '1', '1'],
      [group, topic, '2', '1'],
    ]);
    const two = await from(`${group},${topic},1,2\nother,${topic},1,1\n`, '--group other');
    expect(cells(two.out).map((row) => row.join(','))).toEqual([`${group},${topic},1,2`, `other,${topic},1,1`]);
    expect((await from(`${topic},zero,1\n`)).out).toContain('line 1 is not topic,partition,offset');
    expect((await run(`${tool}--reset-offsets --group ${group} --from-file /nowhere`)).out).toContain('/nowhere');
  },
  execute: async (run, kafka) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    await planned(run, group, topic, '--to-latest --execute');
    expect(await planned(run, group, topic, '--to-current')).toEqual([0, 2, 1]);
  },
  'dry-run': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const { err } = await run(`${tool}--reset-offsets --group ${group} --topic ${topic} --to-latest --dry-run`);
    expect([err, await planned(run, group, topic, '--to-current')]).toEqual(['', [0, 0, 0]]);
  },
  export: async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const [one, other] = [await byHand(run, topic), await byHand(run, topic)];
    const line = `${tool}--reset-offsets --topic ${topic}:1,2 --to-latest --export`;
    expect((await run(`${line} --group ${one}`)).out).toBe(`${topic},1,2\n${topic},2,1\n`);
    expect((await run(`${line} --group ${one} --group ${other}`)).out).toBe(
      [one, other].map((group) => `${group},${topic},1,2\n${group},${topic},2,1\n`).join(''),
    );
  },
};

export const groupCases = { 'kafka-consumer-groups': groups };
