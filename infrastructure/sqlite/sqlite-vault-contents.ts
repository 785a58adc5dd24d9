import type { SQLOutputValue } from 'node:sqlite'
import type { VaultContents } from '../../ports/vault/vault-contents.ts'
import type { Sealed } from '../sealing/encryption.ts'
import { sealedRecords } from '../sealing/sealed-records.ts'
import type { SqliteDatabase } from './database.ts'

/**
 * The contents of the embedded vault, in the order of ids. `keys` as for `sqliteVault`, which has to have made the
 * tables.
 */
export function sqliteVaultContents(
  { sql }: SqliteDatabase,
  { keys }: { keys: readonly Uint8Array[] },
): VaultContents {
  const records = sealedRecords(keys)
  return {
    *credentials() {
      // All at once: an iterator must not stay open across turns of the event loop.
      for (const row of sql.prepare('SELECT id, key_id, sealed FROM credential ORDER BY id').all()) {
        const credentialId = String(row.id)
        yield { credentialId, credential: records.openCredential(credentialId, toSealed(row)) }
      }
    },
    *calendars() {
      const rows = sql
        .prepare('SELECT calendar_key, key_id, sealed, joined_to FROM calendar ORDER BY calendar_key')
        .all()
      for (const row of rows) {
        const calendarKey = String(row.calendar_key)
        yield {
          calendarKey,
          address: records.openAddress(calendarKey, toSealed(row)),
          ...(row.joined_to !== null && { joinedTo: String(row.joined_to) }),
        }
      }
    },
  }
}

function toSealed(row: Record<string, SQLOutputValue>): Sealed {
  if (!(row.sealed instanceof Uint8Array)) throw new Error('a sealed record is a blob')
  return { keyId: String(row.key_id), sealed: row.sealed }
}
