/**
 * A view of the broker as it is told of over server-sent events; opened while the tab is visible, and again when it was lost. In a
 * report: as it was.
 */
import { signal, type Signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { Frames, RecordsFrame } from '../src/page/frames.ts';
import { recordsIn, report, viewIn } from './report.ts';
import { askSession } from './session.ts';

/** Whether the broker is there: what the page shows stays when it is not. */
export const lostSince: Signal<number | null> = signal(null);

/** Whether somebody holds up what moves: the page keeps what it shows. */
export const isPaused: Signal<boolean> = signal(false);

/** Changes that the broker left out because the page read too slowly. */
export const leftOut: Signal<number> = signal(0);

/** Why the view that is shown may not be seen; '' where it may. */
export const refusal: Signal<string> = signal('');

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
  useEffect(() => {
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
  const open = (): void => {
    if (document.hidden || source !== null) return;
    source = new EventSource(address);
    source.addEventListener('whole', (event) => {
      lostSince.value = null;
      frame = JSON.parse(event.data as string) as object;
      show(frame);
    });
    source.addEventListener('changed', (event) => {
      if (frame === null) return;
      const { leftOut: missed = 0, ...parts } = JSON.parse(event.data as string) as { leftOut?: number };
      leftOut.value += missed;
      frame = { ...frame, ...parts };
      show(frame);
    });
    source.addEventListener('error', () => {
      lostSince.value ??= Date.now();
      void askSession(); // it may have ended
      close();
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

/** One page of records, or what went wrong, in words. `query` as for GET /records. */
export async function askRecords(query: string, next: string, signal: AbortSignal): Promise<RecordsFrame | string> {
  const asked = `${query}${next === '' ? '' : `&next=${encodeURIComponent(next)}`}`;
  if (report !== null) return recordsIn(report, new URLSearchParams(asked));
  const answer = await fetch(`records?${asked}`, { signal });
  const said = (await answer.json()) as RecordsFrame | { detail: string; at: number | null };
  if (!('detail' in said)) return said;
  return said.at === null ? said.detail : `At character ${said.at + 1} of the search: ${said.detail}.`;
}
