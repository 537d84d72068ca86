/** kcat, as the system has it. */
import { runCommand, versionOf } from '../../provide/command.ts';
import { Report } from '../report.ts';
import { Missing, type Suite } from '../suite.ts';

export const kcat: Suite = {
  name: 'kcat',
  prepare: async () => {
    if ((await versionOf('kcat', '-V')) === null) throw new Missing('needs kcat (Debian: apt install kcat)');
    const { stdout, stderr } = await runCommand('kcat', ['-V']);
    const version = /Version ([\d.]+)/.exec(stdout + stderr)?.[1] ?? '';
    const librdkafka = /librdkafka ([\d.]+)/.exec(stdout + stderr)?.[1] ?? '';
    return {
      title: `kcat ${version} (librdkafka ${librdkafka})`,
      run: async (bootstrap, run) => {
        const report = new Report();
        await cases(report, (args, input = '') => kcatOutput(bootstrap, args, input), run);
        return report.text();
      },
    };
  },
};

type Kcat = (args: readonly string[], input?: string) => Promise<string>;

async function kcatOutput(bootstrap: string, args: readonly string[], input: string): Promise<string> {
  const { stdout, stderr, code } = await runCommand('kcat', ['-b', bootstrap, ...args], { input, timeoutMs: 40_000 });
  if (code === 0) return stdout;
  // Times, process ids and thread names stand before what it says.
  const said = stderr.trim().split('\n').at(-1)!;
  return `${stdout}refused: ${said.replace(/^.*\|\w+\| ?(\[.*?\]:)? ?/, '')}`;
}

const FORMAT = ['-f', '%k|%s|%h|%p|%o\\n'];

async function cases(report: Report, kcat: Kcat, run: string): Promise<void> {
  const lines = Array.from({ length: 100 }, (_, at) => `key-${at}:value-${at}-xxxxxxxxxxxxxxxxxxxxxxxxxxxx\n`).join('');
  const all = (topic: string, ...more: string[]): Promise<string> =>
    kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-q', ...more]);
  const topic = `${run}-kcat`;

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await report.case('compression', codec, async () => {
      const headers = ['-H', 'one=a', '-H', 'empty=', '-H', 'null'];
      await kcat(['-P', '-t', `${topic}-${codec}`, '-p', '0', '-K:', '-z', codec, ...headers], lines);
      return all(`${topic}-${codec}`, ...FORMAT);
    });
  }
  const one = `${topic}-none`;
  await report.case('admin', 'list topics', async () => {
    const found = await kcat(['-L', '-J', '-t', one]);
    const { topics } = JSON.parse(found) as { topics: { partitions: object[] }[] };
    return topics.map(({ partitions }) => partitions.length);
  });
  await report.case('produce', 'acks 0', async () => {
    await kcat(['-P', '-t', `${topic}-0`, '-p', '0', '-X', 'acks=0'], lines);
    let found = '';
    for (let turn = 0; turn < 20 && found.split('\n').length < 101; turn++) found = await all(`${topic}-0`);
    return found;
  });
  await report.case('produce', 'idempotent', async () => {
    await kcat(['-P', '-t', `${topic}-i`, '-p', '0', '-X', 'enable.idempotence=true', '-z', 'lz4'], lines);
    return all(`${topic}-i`, ...FORMAT);
  });
  await report.case('produce', 'null values', async () => {
    await kcat(['-P', '-t', `${topic}-n`, '-p', '0', '-K:', '-Z'], 'a:\nb:x\n');
    return all(`${topic}-n`, '-Z', '-f', '%k %s %S\\n');
  });
  await report.case('produce', 'a large record', async () => {
    await kcat(['-P', '-t', `${topic}-l`, '-p', '0', '-D', ''], 'x'.repeat(900_000));
    return (await all(`${topic}-l`)).trim().length;
  });
  await report.case('produce', 'too large a record', () =>
    kcat(['-P', '-t', `${topic}-l`, '-p', '0', '-D', '', '-X', 'message.max.bytes=5000000'], 'x'.repeat(3_000_000)),
  );
  await report.case('consume', 'the last five', () =>
    kcat(['-C', '-t', one, '-p', '0', '-o', '-5', '-e', '-q', ...FORMAT]),
  );
  await report.case('consume', 'from an offset', () => kcat(['-C', '-t', one, '-p', '0', '-o', '95', '-c', '3', '-q']));
  await report.case('consume', 'by time', async () => {
    const counts = [];
    for (const range of [
      ['-o', 's@0'],
      ['-o', 's@9999999999999'],
      ['-o', 's@0', '-o', 'e@1'],
    ]) {
      counts.push((await kcat(['-C', '-t', one, ...range, '-e', '-q'])).length);
    }
    return counts;
  });
  await report.case('consume', 'as JSON', async () =>
    (await kcat(['-C', '-t', one, '-o', '3', '-c', '1', '-q', '-J'])).replace(/"ts":\d+/, '"ts":0'),
  );
  await report.case('consume', 'a topic with an impossible name', () => kcat(['-C', '-t', 'bad topic!', '-e']));
  await report.case('consume', 'without asking for versions, as for Kafka 0.10.2', () =>
    all(one, '-X', 'api.version.request=false', '-X', 'broker.version.fallback=0.10.2.0'),
  );
  await report.case('offsets', 'queried', () =>
    kcat(['-Q', ...['-1', '-2', '0', '9999999999999'].flatMap((time) => ['-t', `${one}:0:${time}`])]),
  );
  for (const strategy of ['range', 'roundrobin', 'cooperative-sticky']) {
    await report.case('groups', `reads all, then nothing, ${strategy}`, async () => {
      const settings = ['-X', 'auto.offset.reset=earliest', '-X', `partition.assignment.strategy=${strategy}`];
      const member = ['-G', `${run}-${strategy}`, ...settings, '-e', '-q', one];
      return [(await kcat(member)).split('\n').length, (await kcat(member)).split('\n').length];
    });
  }
}
