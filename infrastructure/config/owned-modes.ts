import { chmodSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../logging/error-facts.ts'

/** Files that this service, or SQLite for it, leaves in a data folder. Whatever else lies there is somebody else's. */
const OWN_FILE =
  /^((calendar-sync|vault)\.sqlite(-wal|-shm|-journal)?|(stand-ins|stamp)\.json.*|encryption\.key.*|(api-token|address|event-store)(\..*)?)$/

/** Set on folders that many share, as /tmp is: such a one is left as it is. */
const STICKY = 0o1000
const OTHERS = 0o077

/** `mended`: what others could read or write, and now its owner alone can; `left`: what belongs to another user. */
export type MendedModes = { mended: string[]; left: string[] }

/** Makes a data folder its owner's alone (0700), and the files in it (0600): an older version left them open. */
export function mendModes(folder: string): MendedModes {
  const outcome: MendedModes = { mended: [], left: [] }
  mend(folder, 0o700, outcome)
  for (const name of readdirSync(folder)) if (OWN_FILE.test(name)) mend(join(folder, name), 0o600, outcome)
  return outcome
}

function mend(path: string, mode: number, { mended, left }: MendedModes): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  // A link leads to what somebody put elsewhere on purpose; of a draft another process may have made an end by now.
  if (found === undefined || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return
  if (found.isDirectory() && (found.mode & STICKY) !== 0) return
  try {
    chmodSync(path, mode)
    mended.push(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'EROFS') throw error
    left.push(path)
  }
}
