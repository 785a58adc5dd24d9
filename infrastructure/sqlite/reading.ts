import { StoreUnavailable } from '../../ports/store-unavailable.ts'

/**
 * Runs a synchronous read, as a promise that rejects with StoreUnavailable where the file cannot be read now or is
 * closed. A mistake in a statement stays what it is.
 */
export async function reading<T>(work: () => T): Promise<T> {
  try {
    return work()
  } catch (error) {
    if (!isOutage(error)) throw error
    throw new StoreUnavailable('the embedded store cannot read', { cause: error })
  }
}

/** Primary result codes that tell of a wrong statement, not of the file: ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE. */
const mistakes = new Set([1, 19, 20, 21, 25])

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  if (error.code === 'ERR_INVALID_STATE') return true
  return (
    error.code === 'ERR_SQLITE_ERROR' &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    !mistakes.has(error.errcode & 0xff)
  )
}
