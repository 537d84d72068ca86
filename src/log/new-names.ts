/**
 * Directories in which files were made whose names a crash could still take. A name stays here until a sync of its directory
 * that began later has returned: while one is under way nothing is known.
 */

interface NewName {
  readonly directory: string;
  /** Records from here on are lost with the name. */
  fromOffset: number;
  isBeingSynced: boolean;
}

export class NewNames {
  #unsafe: NewName[] = [];

  /** Files with records from `fromOffset` on were made in `directory`, or the directory itself was. */
  add(directory: string, fromOffset: number): void {
    const known = this.#unsafe.find((one) => one.directory === directory && !one.isBeingSynced);
    if (known === undefined) this.#unsafe.push({ directory, fromOffset, isBeingSynced: false });
    else known.fromOffset = Math.min(known.fromOffset, fromOffset);
  }

  /** Whether the names of all files with records below `offset` are on the disk. */
  areSafeBelow(offset: number): boolean {
    return this.#unsafe.every(({ fromOffset }) => fromOffset >= offset);
  }

  /** The directories to be synced now, and what to call when all of them have been. */
  begin(): { readonly directories: readonly string[]; readonly done: () => void } {
    const begun = this.#unsafe;
    for (const one of begun) one.isBeingSynced = true;
    this.#unsafe = [...begun];
    return {
      directories: [...new Set(begun.map(({ directory }) => directory))],
      done: () => {
        this.#unsafe = this.#unsafe.filter((one) => !begun.includes(one));
      },
    };
  }
}
