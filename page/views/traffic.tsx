/** The requests of a test: as lanes of its clients, in a list, and one with all its fields. */
import { span } from '../../src/insight/words.ts';
import type { TrafficFrame, TrafficRow } from '../../src/page/frames.ts';
import { useView } from '../live.ts';
import { Facts, Filter, Table, Wait } from '../parts.tsx';
import { linkTo, route, setQuery } from '../route.ts';
import { number, time } from '../words.ts';

export function Traffic() {
  const filter = route.value.query.get('filter') ?? '';
  const frame = useView('traffic', { filter });
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <Filter
          label="Search: words, api:, client:, topic:, group:, error:any, fault:any, took>1000, json.acks=0"
          value={filter}
          set={(value) => setQuery({ filter: value })}
        />
      </form>
      {frame === null ? <Wait /> : <Requests frame={frame} filter={filter} />}
    </>
  );
}

function Requests({ frame: { rows, count, nowMs, error }, filter }: { frame: TrafficFrame; filter: string }) {
  if (error !== null) {
    return (
      <p class="bad" role="alert">
        At character {error.at + 1} of the search: {error.detail}.
      </p>
    );
  }
  return (
    <>
      <Lanes rows={rows} nowMs={nowMs} />
      <p>
        <a href={`traffic.txt?${new URLSearchParams({ filter }).toString()}`} download>
          Download these with all that they say
        </a>
      </p>
      <Table
        caption={`${number(rows.length)} of ${number(count)} requests, the newest first`}
        rows={rows}
        keyOf={(row) => String(row.number)}
        columns={[
          { title: 'Number', show: (row) => <a href={linkTo(['traffic', String(row.number)])}>{row.number}</a> },
          { title: 'When (UTC)', show: ({ atMs }) => time(atMs) },
          { title: 'Client', show: ({ clientId }) => <a href={linkTo(['clients', clientId])}>{clientId}</a> },
          { title: 'API', show: ({ api }) => api },
          { title: 'About', show: ({ about }) => about },
          { title: 'Answer', show: answerWords },
          { title: 'Took (ms)', isNumber: true, show: ({ durationMs }) => durationWords(durationMs) },
        ]}
      />
    </>
  );
}

function answerWords({ outcome, errors, faults, isLongPoll }: TrafficRow): string {
  const said = outcome === 'waiting' && isLongPoll ? 'waits for records' : outcome;
  return [said, ...errors, ...faults].join(', ');
}

function durationWords(ms: number | null): string {
  return ms === null ? '' : number(Math.round(ms));
}

const MOST_LANES = 12;
const LANE = 18;
const WIDTH = 1000;

/** A lane for each client: a bar for each request, as long as it took. The list below says the same in words. */
function Lanes({ rows, nowMs }: { rows: readonly TrafficRow[]; nowMs: number }) {
  if (rows.length === 0) return null;
  const endOf = ({ atMs, durationMs, outcome }: TrafficRow): number =>
    outcome === 'waiting' ? Math.max(nowMs, atMs) : atMs + (durationMs ?? 0);
  const first = rows.reduce((least, { atMs }) => Math.min(least, atMs), Infinity);
  const last = rows.reduce((most, row) => Math.max(most, endOf(row)), first + 1);
  const x = (ms: number): number => (WIDTH * (ms - first)) / (last - first);
  const lanes = new Map<string, TrafficRow[]>();
  for (const row of rows) {
    const lane = lanes.get(row.clientId);
    if (lane !== undefined) lane.push(row);
    else if (lanes.size < MOST_LANES) lanes.set(row.clientId, [row]);
  }
  return (
    <figure>
      <figcaption>
        {lanes.size === 1 ? 'One client' : `${lanes.size} clients`} in {span(last - first)}, from {time(first)} UTC:{' '}
        <span class="key lane-answered" aria-hidden="true" /> answered,{' '}
        <span class="key lane-poll" aria-hidden="true" /> long poll, <span class="key lane-error" aria-hidden="true" />{' '}
        error, <span class="key lane-fault" aria-hidden="true" /> fault
      </figcaption>
      <div class="lanes">
        {[...lanes].map(([clientId, requests]) => (
          <div key={clientId} class="lane">
            <a href={linkTo(['traffic'], { filter: `client=${JSON.stringify(clientId)}` })}>
              {clientId === '' ? 'no client id' : clientId}
            </a>
            <svg viewBox={`0 0 ${WIDTH} ${LANE}`} preserveAspectRatio="none" aria-hidden="true">
              {requests.map((row) => (
                <rect
                  key={row.number}
                  class={`lane-${kindOf(row)}`}
                  x={x(row.atMs)}
                  y={row.isLongPoll ? LANE - 4 : 2}
                  width={Math.max(2, x(endOf(row)) - x(row.atMs))}
                  height={row.isLongPoll ? 3 : LANE - 7}
                />
              ))}
            </svg>
          </div>
        ))}
      </div>
    </figure>
  );
}

function kindOf({ errors, faults, isLongPoll }: TrafficRow): 'fault' | 'error' | 'poll' | 'answered' {
  if (faults.length > 0) return 'fault';
  if (errors.length > 0) return 'error';
  return isLongPoll ? 'poll' : 'answered';
}

export function ExchangeView({ number: name }: { number: string }) {
  const frame = useView('exchange', { number: name });
  if (frame === null) return <Wait />;
  const { exchange } = frame;
  if (exchange === null)
    return <p class="bad">There is no request {name}, or it has been forgotten: the newest 10,000 are kept.</p>;
  return (
    <>
      <Facts
        facts={[
          ['API', `${exchange.api} v${exchange.version}`],
          ['Client', exchange.clientId === '' ? '–' : exchange.clientId],
          ['When (UTC)', time(exchange.atMs)],
          ['Answer', answerWords(exchange)],
          ['Took', exchange.durationMs === null ? '–' : span(exchange.durationMs)],
          ['Principal', exchange.principal],
          ['Broker', exchange.broker],
          ['Connection', exchange.connection],
          ['Correlation id', exchange.correlationId],
        ]}
      />
      <h2>All that was said</h2>
      <pre tabIndex={0}>{exchange.text}</pre>
      {exchange.isCut ? <p class="faint">This is the beginning; the download of all requests has the rest.</p> : null}
      <h2>As a fault</h2>
      <p>This line of a test strikes the next request like it, once:</p>
      <Code text={exchange.fault.line} />
      <p>The same for POST /faults of a control port:</p>
      <Code text={exchange.fault.json} />
    </>
  );
}

function Code({ text }: { text: string }) {
  return (
    <p>
      <code>{text}</code>{' '}
      <button type="button" onClick={() => void navigator.clipboard?.writeText(text)}>
        Copy
      </button>
    </p>
  );
}
