import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder, and those above it that are missing, for their owner alone (0700). Existing ones stay as they are. If
 * it cannot be made, throws with the system's own words.
 *
 * Not with `recursive` of mkdirSync: below a folder where nothing can be made and the system answers ENOENT, as in
 * /proc, Node tries again for ever.
 */
export function makeOwnedFolder(folder: string): void {
  const path = resolve(folder)
  if (isFolder(path)) return
  const above = dirname(path)
  if (!existsSync(above)) makeOwnedFolder(above)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process that starts at the same instant may have been faster.
    if (!isFolder(path)) throw error
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
