import { resolve } from 'node:path'
import { RestoreRefused, restoreBackup } from '../composition/restore.ts'
import { BackupRefused } from '../infrastructure/backup/backup-folder.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'

/**
 * Makes the data folder of a backup. Resolves with the exit code: 0 where it is whole, 1 where nothing was restored, 2
 * where the configuration is not usable.
 */
export async function restore(
  directory: string,
  options: { keyFile: string | undefined; json: boolean },
): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const { folder, encryptionKey } = configuration.data
  try {
    const { begunAt, head, files } = await restoreBackup({
      directory: resolve(directory),
      folder,
      encryptionKey,
      keyFile: options.keyFile === undefined ? undefined : resolve(options.keyFile),
    })
    console.log(
      options.json
        ? JSON.stringify({ folder, begunAt, head, files: files.map(({ name }) => name) })
        : `Restored to ${folder}: the state of ${begunAt}. What was decided since is not in it: consumers of the feed get 400 BAD_CURSOR until the next event, and a publisher to Kafka stops with STORE_REWOUND until calendar-sync resume-publishing (docs/operations.md).`,
    )
    return 0
  } catch (error) {
    if (error instanceof RestoreRefused || error instanceof BackupRefused) console.error(error.message)
    else {
      const refusal = folderRefusal(error, folder)
      if (refusal === undefined) throw error
      console.error(refusal)
    }
    return 1
  }
}
