/** What people change: a button each, a dialog with what has to be said, and a sentence on what came of it. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PageAccess } from '../src/page/frames.ts';
import { offers, post } from './session.ts';

/** What was done last. */
const told = signal('');

export interface ChangeAnswer {
  readonly done: string;
}

/** What was done, or why not. */
export async function change(name: string, said: object): Promise<ChangeAnswer | { readonly detail: string }> {
  try {
    const answer = await post(`change/${name}`, said);
    return (await answer.json()) as ChangeAnswer | { detail: string };
  } catch {
    return { detail: 'The broker did not answer.' };
  }
}

export function tell(sentence: string): void {
  told.value = sentence;
}

export function Told() {
  return <div role="status">{told.value === '' ? null : <p class="notice">{told.value}</p>}</div>;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  /** One line of text unless given. */
  readonly kind?: 'number' | 'lines';
  readonly options?: readonly string[];
  readonly value?: string;
  readonly isOptional?: boolean;
}

export type Values = Readonly<Record<string, string>>;

interface ActionProps {
  /** On the button, and over the dialog. */
  readonly label: string;
  /** What the button is for, where several have the same label. */
  readonly about?: string;
  /** As in POST /change/{name}. */
  readonly name: string;
  readonly access?: PageAccess;
  readonly fields?: readonly Field[];
  /** What it does that cannot be taken back. */
  readonly warning?: string;
  /** What is sent. @throws {Error} for values that cannot be */
  readonly said: (values: Values) => object;
  /** Shows what a preview has answered; there is none unless given. */
  readonly preview?: (answer: ChangeAnswer) => ComponentChildren;
}

/** Nothing where the page does not offer it. */
export function Action(props: ActionProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useFocusKept(button);
  const { label, about, access = 'write' } = props;
  if (!offers(access)) return null;
  const name = about === undefined ? label : `${label}: ${about}`;
  return (
    <>
      <button ref={button} type="button" aria-label={name} onClick={() => setOpen(true)}>
        {label}
      </button>
      {isOpen ? <ActionDialog {...props} closed={() => setOpen(false)} /> : null}
    </>
  );
}

function ActionDialog(props: ActionProps & { closed: () => void }) {
  const { label, about, name, fields = [], warning, said, preview, closed } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  /** The browser gives the focus back to what had it before: a dialog that is only taken away loses it. */
  const close = (): void => dialog.current?.close();
  const form = useRef<HTMLFormElement>(null);
  const [failure, setFailure] = useState('');
  const [seen, setSeen] = useState<ChangeAnswer | null>(null);
  // Before the next key: what is typed at once is for the dialog.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useFocusKept(dialog);
  const send = async (extra: object): Promise<ChangeAnswer | null> => {
    const values = valuesOf(form.current!);
    let wanted: object;
    try {
      wanted = { ...said(values), ...extra };
    } catch (error) {
      setFailure((error as Error).message);
      return null;
    }
    const answer = await change(name, wanted);
    setFailure('detail' in answer ? answer.detail : '');
    return 'detail' in answer ? null : answer;
  };
  const submit = async (): Promise<void> => {
    const answer = await send({});
    if (answer === null) return;
    tell(answer.done);
    close();
  };
  return (
    <dialog ref={dialog} aria-label={label} onClose={closed}>
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2>{about === undefined ? label : `${label}: ${about}`}</h2>
        {warning === undefined ? null : <p class="warn">{warning}</p>}
        {fields.map((field) => (
          <FieldInput key={field.name} field={field} />
        ))}
        {failure === '' ? null : (
          <p class="bad" role="alert">
            {failure}
          </p>
        )}
        {seen === null || preview === undefined ? null : preview(seen)}
        <p>
          {preview === undefined ? null : (
            <button type="button" onClick={() => void send({ preview: true }).then(setSeen)}>
              Preview
            </button>
          )}{' '}
          <button type="submit">{label}</button>{' '}
          <button type="button" onClick={close}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** Where what has the focus goes, as a row does whose thing was deleted, the view goes on from its heading. */
function useFocusKept(element: { readonly current: HTMLElement | null }): void {
  useLayoutEffect(
    () => () => {
      if (element.current?.contains(document.activeElement) !== true) return;
      requestAnimationFrame(() => document.querySelector('h1')?.focus({ preventScroll: true }));
    },
    [],
  );
}

function FieldInput({ field }: { field: Field }) {
  const { name, label, kind, options, value = '', isOptional = false } = field;
  return (
    <label>
      {label}
      {options !== undefined ? (
        <select name={name} defaultValue={value}>
          {options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      ) : kind === 'lines' ? (
        <textarea name={name} rows={6} cols={50} defaultValue={value} />
      ) : (
        <input
          name={name}
          inputMode={kind === 'number' ? 'numeric' : undefined}
          required={!isOptional}
          defaultValue={value}
        />
      )}
    </label>
  );
}

function valuesOf(form: HTMLFormElement): Values {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') values[name] = value;
  return values;
}

/** A whole number. @throws {Error} for another text */
export function whole(text: string, label: string): number {
  if (/^\d{1,15}$/.test(text.trim())) return Number(text);
  throw new Error(`${label}: '${text}' is no whole number.`);
}

/** `key=value`, one a line. @throws {Error} for a line without = */
export function pairs(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at <= 0) throw new Error(`'${line}': write key=value.`);
      return [line.slice(0, at).trim(), line.slice(at + 1)] as const;
    }),
  );
}
