import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder of the test's own, and how to take it away. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'calendar-sync-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
