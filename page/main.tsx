/** The page: a head with the views, the one that the address names, and word of what went wrong. */
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Told } from './change.tsx';
import { isPaused, leftOut, lost, type Lost } from './live.ts';
import { report } from './report.ts';
import { route } from './route.ts';
import { askSession, post, session } from './session.ts';
import { Group, Groups } from './views/groups.tsx';
import { Client, Clients, JournalView, Settings, Storage, Transactions } from './views/others.tsx';
import { Overview } from './views/overview.tsx';
import { Reported } from './views/reported.tsx';
import { SignIn } from './views/sign-in.tsx';
import { Test } from './views/test.tsx';
import { ExchangeView, Traffic } from './views/traffic.tsx';
import { Topic, Topics } from './views/topics.tsx';
import { time } from './words.ts';

const VIEWS = [
  ['', 'Overview'],
  ['topics', 'Topics'],
  ['groups', 'Groups'],
  ['clients', 'Clients'],
  ['transactions', 'Transactions'],
  ['storage', 'Storage'],
  ['settings', 'Settings'],
  ['journal', 'Journal'],
] as const;
/** Of a broker that a test has started. */
const TEST_VIEWS = [
  ['traffic', 'Traffic'],
  ['test', 'Test'],
] as const;

function View({ path }: { path: readonly string[] }) {
  const [view = '', name] = path;
  switch (view) {
    case '':
      return <Overview />;
    case 'topics':
      return name === undefined ? <Topics /> : <Topic key={name} name={name} />;
    case 'groups':
      return name === undefined ? <Groups /> : <Group key={name} id={name} />;
    case 'clients':
      return name === undefined ? <Clients /> : <Client key={name} id={name} />;
    case 'transactions':
      return <Transactions />;
    case 'storage':
      return <Storage />;
    case 'settings':
      return <Settings />;
    case 'journal':
      return <JournalView />;
    case 'traffic':
      return name === undefined ? <Traffic /> : <ExchangeView key={name} number={name} />;
    case 'test':
      return <Test />;
    default:
      return <p>There is no view '{view}'. The links above lead to all that there are.</p>;
  }
}

function App() {
  const { path } = route.value;
  const [view = '', name] = path;
  const views = session.value?.isTest === true ? [...VIEWS, ...TEST_VIEWS] : VIEWS;
  const title = name ?? views.find(([address]) => address === view)?.[1] ?? 'Not found';
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  const place = path.join('/');
  useEffect(() => {
    document.title = `${title} – Ottla`;
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [place]);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => skip(event, heading.current)}>
        To the content
      </a>
      <header>
        <strong>Ottla</strong>
        <nav aria-label="Views">
          <ul>
            {views.map(([address, words]) => (
              <li key={address}>
                <a href={`#/${address}`} aria-current={address === view ? 'page' : undefined}>
                  {words}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {report === null ? <Hold /> : null}
        <Visitor />
      </header>
      <main id="content">
        <Away />
        <Told />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {report === null ? null : <Reported report={report} isWhole={place === ''} />}
        {session.value?.asks === true && session.value.user === null ? <SignIn /> : <View path={path} />}
      </main>
    </>
  );
}

/** Stops all that moves, and lets it go on. */
function Hold() {
  return (
    <span>
      <button type="button" onClick={() => (isPaused.value = !isPaused.value)}>
        {isPaused.value ? 'Resume' : 'Pause'}
      </button>{' '}
      {leftOut.value === 0 ? null : <span class="faint">{leftOut.value} updates left out</span>}
    </span>
  );
}

function skip(event: Event, heading: HTMLElement | null): void {
  event.preventDefault(); // the address is the view's
  heading?.focus();
}

function Visitor() {
  const user = session.value?.user ?? null;
  if (user === null) return null;
  return (
    <button type="button" aria-label={`Sign out ${user}`} onClick={() => void post('sign-out', {}).then(askSession)}>
      {user}: sign out
    </button>
  );
}

function Away() {
  return <div role="status">{lost.value === null ? null : <p class="notice">{lostWords(lost.value)}</p>}</div>;
}

function lostWords({ sinceMs, detail }: Lost): string {
  if (detail !== '') return detail;
  return `The broker stopped answering at ${time(sinceMs)} UTC. What you see is what it was then.`;
}

render(<App />, document.body);
void askSession();
