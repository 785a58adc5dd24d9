import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

/** Makes a new file that its owner alone can read (0600) and waits until the disk has it. Throws where it is there. */
export function writeDurably(path: string, content: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Waits until the disk has what the file holds. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
