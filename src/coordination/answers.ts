/** Answers of coordinators: there at once where nothing has to be committed first, which is nearly always, or later. */
export type Answer<T> = T | Promise<T>;

/** In the same tick where the answer is there. */
export function andThen<T, U>(answer: Answer<T>, use: (value: T) => Answer<U>): Answer<U> {
  return answer instanceof Promise ? answer.then((value) => use(value)) : use(answer);
}

export function allOf<T>(answers: readonly Answer<T>[]): Answer<T[]> {
  return answers.some((answer) => answer instanceof Promise) ? Promise.all(answers) : (answers as T[]);
}
