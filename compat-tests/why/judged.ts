/** Asks all that tell why a group gets nothing, and says how they differ from what is true. */
import { expect } from 'vitest';
import type { Cause, Finding } from '../../src/insight/why.ts';
import type { GroupFrame, GroupsFrame, OverviewFrame } from '../../src/page/frames.ts';
import type { TestBroker } from '../../src/testing/index.ts';
import { ottla } from '../../test/cli/session.ts';

export interface Truth {
  readonly cause: Cause;
  readonly group?: string;
  /** What else may be told, behind it. */
  readonly also?: readonly Cause[];
  /** What a client can find out of it; the same unless given. Null where it can find out nothing that is of use. */
  readonly asked?: Cause | null;
}

const PATIENCE_MS = 30_000;

/** The cause stands first, and nothing that is not so stands behind it: for the test, on the page, for the command. */
export async function expectWhy(
  kafka: TestBroker,
  { cause, group = 'billing', also = [], asked = cause }: Truth,
): Promise<Finding> {
  const causes = (): Cause[] => kafka.why(group).map((finding) => finding.cause);
  const options = { timeout: PATIENCE_MS, interval: 50 };
  await expect.poll(() => causes()[0], options).toBe(cause);
  const [finding] = kafka.why(group);
  expect(causes().filter((each) => each !== cause && !also.includes(each))).toEqual([]);
  const page = await kafka.openPage();
  const view = async <Frame>(path: string): Promise<Frame> =>
    (await (await fetch(`${page}/view/${path}`)).json()) as Frame;
  const shown = await view<GroupFrame>(`group?once&name=${encodeURIComponent(group)}`);
  expect(shown.why[0].cause).toBe(cause);
  expect(await isNear(view, group, finding)).toBe(true);
  if (asked !== null) expect((await askedFor(kafka, group))[0]).toBe(asked);
  return finding;
}

type View = <Frame>(path: string) => Promise<Frame>;

/** Two clicks from the overview at most: it names the group or says the sentence, or a list that it leads to names the group. */
async function isNear(view: View, group: string, { sentence }: Finding): Promise<boolean> {
  const { attention, behind } = await view<OverviewFrame>('overview?once');
  const link = `#/groups/${encodeURIComponent(group)}`;
  if (attention.some((each) => each.link === link || each.sentence === sentence)) return true;
  if (behind.some((each) => each.group === group)) return true;
  const { rows } = await view<GroupsFrame>('groups?once');
  return rows.some(({ id }) => id === group);
}

/** What `ottla groups why` tells. */
async function askedFor(kafka: TestBroker, group: string): Promise<Cause[]> {
  const { code, out, err } = await ottla([
    'groups',
    'why',
    group,
    '--json',
    '--bootstrap-server',
    kafka.bootstrapServers,
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as Finding[]).map(({ cause }) => cause);
}
