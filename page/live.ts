/**
 * A view of the broker as it is told of over server-sent events; opened while the tab is visible, and again when it was lost. In a
 * report: as it was.
 */
import { signal, type Signal } from '@preact/signals';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { Frames, RecordsFrame } from '../src/page/frames.ts';
import { recordsIn, report, viewIn } from './report.ts';
import { askSession, post } from './session.ts';

export interface Lost {
  readonly sinceMs: number;
  /** Why the broker shows nothing more; '' where it does not answer. */
  readonly detail: string;
}

/** Null while the broker tells what happens: what the page shows stays when it does not. */
export const lost: Signal<Lost | null> = signal(null);

/** Whether somebody holds up what moves: the page keeps what it shows. */
export const isPaused: Signal<boolean> = signal(false);

/** Changes that the broker left out because the page read too slowly. */
export const leftOut: Signal<number> = signal(0);

/** Why the view that is shown may not be seen; '' where it may. */
export const refusal: Signal<string> = signal('');

/** How often the broker has come back: what was asked of it once is asked again. */
export const returns: Signal<number> = signal(0);

const AGAIN_MS = 1000;

/** Null until the first picture has come. */
export function useView<View extends keyof Frames>(
  view: View,
  query: Readonly<Record<string, string>> = {},
): Frames[View] | null {
  const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
  const said = new URLSearchParams(asked).toString();
  const address = `view/${view}${said === '' ? '' : `?${said}`}`;
  const [seen, setSeen] = useState<{ address: string; frame: object } | null>(null);
  const held = isPaused.value && seen?.address === address;
  useLayoutEffect(() => {
    if (held) return undefined;
    const show = (frame: object): void => {
      refusal.value = refusedIn(frame);
      setSeen({ address, frame });
    };
    if (report === null) return follow(address, show);
    const kept = viewIn(report, view, asked);
    if (kept !== null) show(kept);
    return undefined;
  }, [address, held]);
  return seen === null || refusedIn(seen.frame) !== '' ? null : (seen.frame as Frames[View]);
}

/** Why the broker shows nothing here; '' where it does. */
function refusedIn(frame: object): string {
  return 'refused' in frame ? String(frame.refused) : '';
}

/** Answers what ends it. */
function follow(address: string, show: (frame: object) => void): () => void {
  let source: EventSource | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  let frame: object | null = null;
  /** A large frame comes in parts. */
  let begun = '';
  const told = ({ data }: MessageEvent): object => {
    const json = begun + (data as string);
    begun = '';
    return JSON.parse(json) as object;
  };
  const open = (): void => {
    if (document.hidden || source !== null) return;
    source = new EventSource(address);
    begun = '';
    source.addEventListener('part', ({ data }) => (begun += data as string));
    source.addEventListener('whole', (event) => {
      found();
      frame = told(event);
      show(frame);
    });
    source.addEventListener('changed', (event) => {
      const { leftOut: missed = 0, ...parts } = told(event) as { leftOut?: number };
      leftOut.value += missed;
      frame = { ...frame, ...parts };
      show(frame);
    });
    source.addEventListener('error', () => {
      close();
      void askWhyNot(address);
      again = setTimeout(open, AGAIN_MS);
    });
  };
  const close = (): void => {
    source?.close();
    source = null;
  };
  const seen = (): void => (document.hidden ? close() : open());
  document.addEventListener('visibilitychange', seen);
  open();
  return () => {
    document.removeEventListener('visibilitychange', seen);
    clearTimeout(again);
    close();
  };
}

function found(): void {
  if (lost.value === null) return;
  lost.value = null;
  returns.value++;
}

/** A stream has ended, or there was none: the broker is gone, or says why. */
async function askWhyNot(address: string): Promise<void> {
  const abort = new AbortController();
  const answer = await fetch(address, { signal: abort.signal }).catch(() => null);
  const isThere = answer?.ok === true;
  const detail = answer === null || isThere ? '' : await detailOf(answer);
  abort.abort(); // a stream would go on
  if (!isThere && lost.value?.detail !== detail) lost.value = { sinceMs: lost.value?.sinceMs ?? Date.now(), detail };
  if (answer !== null) await askSession(); // it may have ended
}

async function detailOf(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => '');
  try {
    return (JSON.parse(text) as { readonly detail: string }).detail;
  } catch {
    return text;
  }
}

/** One page of records, or what went wrong, in words. `query` as for GET /records. */
export async function askRecords(query: string, next: string, signal: AbortSignal): Promise<RecordsFrame | string> {
  if (report !== null)
    return recordsIn(report, new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), next }));
  const answer = await (next === ''
    ? fetch(`records?${query}`, { signal })
    : post(`records?${query}`, { next }, signal));
  const said = (await answer.json()) as RecordsFrame | { detail: string; at: number | null };
  if (!('detail' in said)) return said;
  return said.at === null ? said.detail : `At character ${said.at + 1} of the search: ${said.detail}.`;
}
