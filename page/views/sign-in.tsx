/** Asks people who they are, where the broker asks its clients. */
import { useState } from 'preact/hooks';
import { askSession, post } from '../session.ts';

export function SignIn() {
  const [failure, setFailure] = useState('');
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    const answer = await post('sign-in', { user: data.get('user'), password: data.get('password') }).catch(() => null);
    if (answer?.ok === true) return askSession();
    setFailure(
      answer === null ? 'The broker did not answer.' : ((await answer.json()) as { readonly detail: string }).detail,
    );
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <p>This broker asks its clients who they are. Sign in as one of its users.</p>
      <label>
        User
        <input name="user" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit">Sign in</button>
      {failure === '' ? null : (
        <p class="bad" role="alert">
          {failure}
        </p>
      )}
    </form>
  );
}
