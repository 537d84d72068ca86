/** The address after `#/` says which view is shown, with its filter and position: it can be kept, sent and gone back to. */
import { signal } from '@preact/signals';

export interface Route {
  /** 'topics', 'orders' for #/topics/orders; [] for the overview. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export const route = signal<Route>(read());

addEventListener('hashchange', () => {
  route.value = read();
});

function read(): Route {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return {
    path: path
      .split('/')
      .filter((step) => step !== '')
      .map(decoded),
    query: new URLSearchParams(query),
  };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

export function linkTo(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const text = said.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** The same view with another filter or position; `isStep` keeps the way back. */
export function setQuery(query: Readonly<Record<string, string>>, isStep = false): void {
  const link = linkTo(route.value.path, query);
  if (isStep) location.hash = link;
  else {
    history.replaceState(null, '', link);
    route.value = read();
  }
}
