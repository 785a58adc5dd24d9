import { errorCode, errorText } from '../infrastructure/logging/error-facts.ts'
import { storageFailure } from '../infrastructure/sqlite/storage-failure.ts'

/** Ways out for an operator, by the name that the system or SQLite has for it. */
const refusals = new Map<string, (folder: string, reason: string) => string>()
for (const name of ['ENOSPC', 'EDQUOT', 'FULL'])
  refusals.set(
    name,
    (folder, reason) => `The disk of the data folder ${folder} is full (${reason}): make room on it.`,
  )
for (const name of ['EROFS', 'READONLY'])
  refusals.set(
    name,
    (folder, reason) => `The data folder ${folder} can only be read (${reason}): mount it for writing.`,
  )
for (const name of ['EIO', 'IOERR'])
  refusals.set(
    name,
    (folder, reason) => `The disk of the data folder ${folder} fails (${reason}): see to the disk.`,
  )
refusals.set(
  'CORRUPT',
  (folder, reason) => `A file of the data folder ${folder} is damaged (${reason}): restore it from a backup.`,
)

/** A sentence about the disk below the data folder, where that is why there is an error; undefined for other errors. */
export function storageRefusal(error: unknown, folder: string): string | undefined {
  if (!(error instanceof Error)) return undefined
  const refusal = refusals.get(storageFailure(error) ?? errorCode(error) ?? '')
  return refusal?.(folder, errorText(error)) ?? storageRefusal(error.cause, folder)
}
