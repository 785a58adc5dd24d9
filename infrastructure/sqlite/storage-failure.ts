/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that mean "not now", not "a wrong statement". */
const storageFailures = new Map([
  [5, 'BUSY'],
  [6, 'LOCKED'],
  [7, 'NOMEM'],
  [8, 'READONLY'],
  [10, 'IOERR'],
  [11, 'CORRUPT'],
  [13, 'FULL'],
  [14, 'CANTOPEN'],
])
const lockFailures = new Set(['BUSY', 'LOCKED'])

/** Whether SQLite failed for want of storage: a full or failing disk, a lock, a damaged file. */
export const isStorageFailure = (error: unknown): boolean => storageFailure(error) !== undefined

/** Whether SQLite failed because somebody else holds the file. */
export const isLockFailure = (error: unknown): boolean => lockFailures.has(storageFailure(error) ?? '')

/** SQLite's name for a failure of the storage; undefined for other errors. */
export function storageFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined
  // The low byte of an extended result code is the primary one.
  return storageFailures.get(error.errcode & 0xff)
}
