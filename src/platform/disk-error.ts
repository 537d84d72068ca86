/** What an error of the disk says: that it takes no more for now, or that what it had taken may be gone. */

const DENIED = new Set(['EACCES', 'EPERM']);
const REFUSES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE', ...DENIED]);
const LOST = new Set(['EIO', 'ENXIO', 'ENODEV', 'EUCLEAN', 'ESTALE', 'EBADF']);

/** Whether it is not known what the disk holds now. */
export function isDiskLost(error: unknown): boolean {
  return LOST.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** Whether a file or folder is not there that was to be. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Whether it was the disk that failed, or would not: what a client is told KAFKA_STORAGE_ERROR for. */
export function isDiskError(error: unknown): boolean {
  return isDiskLost(error) || REFUSES.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** Whether the system refused one file or folder, as for its name or its permissions: that says nothing of the disk. */
export function isFileError(error: unknown): boolean {
  return isSystemError(error) && (!isDiskError(error) || DENIED.has((error as NodeJS.ErrnoException).code!));
}

/** Whether a call of the operating system failed, for whatever reason, and not our own code: no TypeError is a full disk. */
export function isSystemError(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test((error as NodeJS.ErrnoException | null)?.code ?? '');
}
