/** kafka-share-groups: what shows that each flag has its effect, as Apache Kafka 4.4 answers the same. */
import { expect } from 'vitest';
import type { TestBroker } from '../../../src/testing/index.ts';
import { fresh, type Case, type Cases, type Run } from './flag-case.ts';
import { fileWith } from './tool.ts';

const TOOL = 'kafka-share-groups';

/** orders with three partitions of 0, 2 and 1 records, as in what was asked of Kafka. */
async function orders(kafka: TestBroker): Promise<string> {
  const name = fresh('orders');
  await kafka.createTopic({ name, partitions: 3 });
  for (const partition of [1, 1, 2]) await kafka.produce(name, { value: 'x', partition });
  return name;
}

/** A group that has been moved by hand, and never had a member. */
async function byHand(run: Run, topic: string, to = '--to-earliest'): Promise<string> {
  const group = fresh('share');
  await run(`${TOOL} --reset-offsets --group ${group} --topic ${topic} ${to} --execute`);
  return group;
}

/** The cells of each line, without the heading. */
function cells(out: string): string[][] {
  const lines = out.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('GROUP'));
  return lines.map((line) => line.trim().split(/\s+/));
}

async function planned(run: Run, group: string, topic: string, flags: string): Promise<number[]> {
  const { out } = await run(`${TOOL} --reset-offsets --group ${group} --topic ${topic} ${flags} --dry-run`);
  return cells(out)
    .filter(([first]) => first === group)
    .map((row) => Number(row.at(-1)));
}

/** What the flag makes of a group at 0, 0, 0 in partitions that end at 0, 2 and 1. */
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
    expect([code, err]).toEqual([0, '']);
    expect(cells(out)).toEqual([
      [group, topic, '0', '0', '0'],
      [group, topic, '1', '0', '2'],
      [group, topic, '2', '0', '1'],
    ]);
    const nope = await run(`${tool}--describe --group nope`);
    expect(nope).toMatchObject({ code: 0, out: expect.stringContaining('Group nope not found.') });
  },
  delete: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--delete --group ${group} --group nope`);
    expect(out).toContain("* Group 'nope' could not be deleted due to: ");
    expect(out).toContain(`These share groups were deleted successfully: '${group}'`);
    expect((await run(`${tool}--list`)).out.split('\n')).not.toContain(group);
  },
  'delete-offsets': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const line = `${tool}--delete-offsets --group ${group} --topic ${topic}`;
    expect((await run(line)).out).toMatch(new RegExp(`\n${topic} +Successful\n`));
    expect((await run(line)).out).toMatch(new RegExp(`\n${topic} +Error: `));
    expect((await run(`${tool}--describe --group ${group}`)).err).toContain('has no offset information.');
  },
  'reset-offsets': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const line = `${tool}--reset-offsets --group ${group} --topic ${topic}:1,2 --to-latest`;
    expect(cells((await run(`${line} --execute`)).out)).toEqual([
      [group, topic, '1', '2'],
      [group, topic, '2', '1'],
    ]);
    expect(cells((await run(`${tool}--describe --group ${group}`)).out).map((row) => row[3])).toEqual(['0', '2', '1']);
  },
  group: async (run, kafka, tool) => {
    const [one, other] = [await byHand(run, await orders(kafka)), await byHand(run, await orders(kafka))];
    const { out } = await run(`${tool}--describe --group ${one} --group ${other}`);
    expect(new Set(cells(out).map(([group]) => group))).toEqual(new Set([one, other]));
    expect(await run(`${tool}--describe`)).toMatchObject({ code: 1, err: expect.stringContaining('--group NAME') });
  },
  'all-groups': async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    expect(cells((await run(`${tool}--describe --all-groups`)).out).map(([name]) => name)).toContain(group);
  },
  topic: plans('--to-latest', [0, 2, 1]),
  'all-topics': async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--reset-offsets --group ${group} --all-topics --to-latest --dry-run`);
    expect(cells(out).map((row) => row.at(-1))).toEqual(['0', '2', '1']);
  },
  members: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { err } = await run(`${tool}--describe --group ${group} --members`);
    expect(err).toBe(`\nShare group '${group}' has no active members.\n`);
  },
  offsets: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const line = `${tool}--describe --group ${group}`;
    expect(await run(`${line} --offsets`)).toEqual(await run(line));
  },
  state: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const { out } = await run(`${tool}--describe --group ${group} --state`);
    expect(out).toMatch(new RegExp(`\n${group} +127.0.0.1:\\d+ +\\(0\\) +Empty +0\n`));
    expect((await run(`${tool}--list --state`)).out).toMatch(new RegExp(`${group} +Empty`));
    expect((await run(`${tool}--list --state STABLE,empty`)).out).toContain(group);
    expect((await run(`${tool}--list --state Stable`)).out).not.toContain(group);
    expect(await run(`${tool}--list --state frob`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Valid states'),
    });
  },
  verbose: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka));
    const heading = async (what: string) => (await run(`${tool}--describe --group ${group} ${what} --verbose`)).out;
    expect(await heading('')).toContain('PARTITION  LEADER-EPOCH  START-OFFSET  LAG');
    expect(await heading('--state')).toContain('GROUP-EPOCH  ASSIGNMENT-EPOCH  #MEMBERS');
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
    const group = await byHand(run, topic, '--to-offset 1');
    expect(await planned(run, group, topic, '--to-current')).toEqual([0, 1, 1]);
  },
  'to-offset': plans('--to-offset 1', [0, 1, 1]),
  'to-datetime': plans('--to-datetime 2020-01-01T00:00:00.000', [0, 0, 0]),
  'from-file': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const file = fileWith(`${topic},1,1\n`);
    const { out } = await run(`${tool}--reset-offsets --group ${group} --from-file ${file} --dry-run`);
    expect(cells(out)).toEqual([[group, topic, '1', '1']]);
  },
  execute: async (run, kafka, tool) => {
    const group = await byHand(run, await orders(kafka), '--to-latest');
    expect(cells((await run(`${tool}--describe --group ${group}`)).out).map((row) => row[3])).toEqual(['0', '2', '1']);
  },
  'dry-run': async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    expect(await planned(run, group, topic, '--to-latest')).toEqual([0, 2, 1]);
    expect(cells((await run(`${tool}--describe --group ${group}`)).out).map((row) => row[3])).toEqual(['0', '0', '0']);
  },
  export: async (run, kafka, tool) => {
    const topic = await orders(kafka);
    const group = await byHand(run, topic);
    const { out } = await run(
      `${tool}--reset-offsets --group ${group} --topic ${topic}:1 --to-latest --dry-run --export`,
    );
    expect(out).toBe(`${topic},1,2\n`);
  },
};

export const shareGroupCases: Readonly<Record<string, Cases>> = { [TOOL]: groups };
