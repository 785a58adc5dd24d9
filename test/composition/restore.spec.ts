import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { backUpFolder } from '../../composition/backup.ts'
import { RestoreRefused, restoreBackup } from '../../composition/restore.ts'
import { BackupRefused } from '../../infrastructure/backup/backup-folder.ts'
import { openDataFolder } from '../../infrastructure/config/data-folder.ts'
import { encryptionKeys } from '../../infrastructure/sealing/key-file.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteVault } from '../../infrastructure/sqlite/sqlite-vault.ts'
import { START } from '../../ports/event-store/event-store.ts'
import { appendNext } from '../support/append-next.ts'
import { readToEnd, someEvent, someEvents } from '../support/events.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { virtualClock } from '../support/virtual-clock.ts'

const test = suite('restore')
const clock = virtualClock()

type Folders = { data: string; backup: string; restored: string; key: string }

/** A data folder with some events and a credential, and a backup of it; all is taken away after `body`. */
const withBackup = (body: (folders: Folders) => Promise<void>) => async () => {
  const { path, remove } = temporaryFolder()
  const folders = {
    data: join(path, 'data'),
    backup: join(path, 'backup'),
    restored: join(path, 'restored'),
    key: join(path, 'data', 'encryption.key'),
  }
  try {
    assert.ok(openDataFolder(folders.data, 'https://google.example').ok)
    await appendTo(folders.data, 3)
    const vaultDatabase = openDatabase(join(folders.data, 'vault.sqlite'))
    const keys = encryptionKeys({ configured: undefined, dataDir: folders.data })
    if (!keys.ok) throw new Error(keys.message)
    const vault = sqliteVault(vaultDatabase, { keys: keys.keys, newId: randomUUID })
    await vault.put('c1', { kind: 'oauth', refreshToken: 'r' })
    await vaultDatabase.close()
    await backUpFolder(folders.data, clock, { directory: folders.backup, withKey: false })
    await body(folders)
  } finally {
    remove()
  }
}

/** Positions of the events appended. */
async function appendTo(folder: string, count: number): Promise<string[]> {
  return withEvents(folder, async (events) => {
    const positions: string[] = []
    for (const event of someEvents(count)) {
      const appended = await appendNext(events, 'booking-1', [event])
      if (appended.ok) positions.push(appended.position)
    }
    return positions
  })
}

async function withEvents<T>(
  folder: string,
  work: (events: ReturnType<typeof sqliteEventStore>) => Promise<T>,
): Promise<T> {
  const database = openDatabase(join(folder, 'calendar-sync.sqlite'))
  try {
    return await work(sqliteEventStore(database, { clock }))
  } finally {
    await database.close()
  }
}

const restoring = ({ backup, restored, key }: Folders, keyFile: string | undefined = key) =>
  restoreBackup({ directory: backup, folder: restored, encryptionKey: undefined, keyFile })

async function refusal(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(
    () => assert.unreachable('not refused'),
    (error) => error,
  )
  assert.ok(error instanceof RestoreRefused || error instanceof BackupRefused, String(error))
  assert.is(error.code, code)
}

test(
  'gives new events positions beyond all that the lost store gave, so that no reader misses one or meets another',
  withBackup(async (folders) => {
    const lost = await appendTo(folders.data, 5)
    await restoring(folders)
    const [first, second] = await appendTo(folders.restored, 2)
    const cursor = lost.at(-1) ?? ''
    assert.ok(first && second && cursor < first && first < second)
    assert.is(first.length, cursor.length)
    await withEvents(folders.restored, async (events) => {
      const all = await readToEnd(events, { after: START, limit: 2 })
      assert.is(all.length, 5)
      assert.equal(
        all.map(({ revision }) => revision),
        [0, 1, 2, 3, 4],
      )
      const missed = await readToEnd(events, { after: cursor, limit: 10 })
      assert.equal(
        missed.map(({ position }) => position),
        [first, second],
      )
      const batch = [someEvent(), someEvent()]
      const appended = await events.append('booking-2', 'no-stream', batch)
      assert.equal(await events.append('booking-2', 'no-stream', batch), appended)
      assert.is(await events.head(), appended.ok ? appended.position : '')
    })
  }),
)

test(
  'leaves positions beyond those of every restoring before it, also where nothing was appended in between',
  withBackup(async (folders) => {
    await restoring(folders)
    const [first] = await appendTo(folders.restored, 1)
    rmSync(folders.backup, { recursive: true })
    rmSync(join(folders.data), { recursive: true })
    const again = { ...folders, restored: folders.data, key: join(folders.restored, 'encryption.key') }
    await backUpFolder(folders.restored, clock, { directory: folders.backup, withKey: false })
    await appendTo(folders.restored, 3)
    await restoring(again)
    const [next] = await appendTo(again.restored, 1)
    assert.ok(first && next && next > `${Number(first) + 3}`.padStart(20, '0'))
  }),
)

test(
  'refuses a backup of which a file is altered, cut off, missing, or that was never finished',
  withBackup(async (folders) => {
    const path = join(folders.backup, 'calendar-sync.sqlite')
    const whole = readFileSync(path)
    const altered = Buffer.from(whole)
    altered[whole.length - 1] = (altered[whole.length - 1] ?? 0) ^ 1
    for (const content of [altered, whole.subarray(0, 4096)]) {
      writeFileSync(path, content)
      await refusal(restoring(folders), 'BACKUP_DAMAGED')
    }
    rmSync(path)
    await refusal(restoring(folders), 'BACKUP_DAMAGED')
    writeFileSync(path, whole)
    rmSync(join(folders.backup, 'manifest.json'))
    await refusal(restoring(folders), 'BACKUP_DAMAGED')
    assert.not(existsSync(folders.restored), 'nothing was begun')
  }),
)

test(
  'brings the files of a backup and no others, and follows no link',
  withBackup(async (folders) => {
    const { backup, data } = folders
    const planted = join(backup, 'api-token')
    writeFileSync(planted, 'known-to-a-stranger')
    const manifest = join(backup, 'manifest.json')
    const whole = readFileSync(manifest, 'utf8')
    const content = JSON.parse(whole)
    const sha256 = createHash('sha256').update(readFileSync(planted)).digest('hex')
    content.files.push({ name: 'api-token', bytes: 19, sha256 })
    writeFileSync(manifest, JSON.stringify(content))
    await refusal(restoring(folders), 'BACKUP_DAMAGED')
    rmSync(planted)
    writeFileSync(manifest, whole)

    const vault = join(backup, 'vault.sqlite')
    renameSync(vault, join(data, 'elsewhere'))
    symlinkSync(join(data, 'elsewhere'), vault)
    await refusal(restoring(folders), 'BACKUP_DAMAGED')
    assert.not(existsSync(folders.restored), 'nothing was begun')
  }),
)

test(
  'refuses to back up into the data folder, also by a link',
  withBackup(async ({ data }) => {
    const link = join(data, '..', 'elsewhere')
    symlinkSync(data, link)
    for (const directory of [join(link, 'new'), join(link, 'not', '..', 'new')])
      await refusal(backUpFolder(data, clock, { directory, withKey: false }), 'DIRECTORY_UNUSABLE')
    mkdirSync(join(data, 'empty'))
    symlinkSync(join(data, 'empty'), `${link}-empty`)
    await refusal(
      backUpFolder(data, clock, { directory: `${link}-empty`, withKey: false }),
      'DIRECTORY_UNUSABLE',
    )
  }),
)

test(
  'refuses a folder with anything in it, and begins anew in one that a restoring left unfinished',
  withBackup(async (folders) => {
    mkdirSync(folders.restored)
    writeFileSync(join(folders.restored, 'mine.txt'), 'x')
    await refusal(restoring(folders), 'DATA_FOLDER_NOT_EMPTY')
    assert.equal(readdirSync(folders.restored), ['mine.txt'])
    rmSync(join(folders.restored, 'mine.txt'))

    writeFileSync(join(folders.restored, 'stamp.json'), '{"restoring":true}\n')
    writeFileSync(join(folders.restored, 'calendar-sync.sqlite'), 'half of it')
    assert.is(openDataFolder(folders.restored, 'https://google.example').ok, false, 'no service starts on it')
    await restoring(folders)
    assert.equal(openDataFolder(folders.restored, 'https://google.example'), { ok: true })
  }),
)

test(
  'refuses without the key that opens the vault, and takes nothing then',
  withBackup(async (folders) => {
    const { backup, restored, key } = folders
    await refusal(
      restoreBackup({ directory: backup, folder: restored, encryptionKey: undefined, keyFile: undefined }),
      'ENCRYPTION_KEY_MISSING',
    )
    const other = randomBytes(32).toString('base64')
    await refusal(
      restoreBackup({ directory: backup, folder: restored, encryptionKey: other, keyFile: undefined }),
      'ENCRYPTION_KEY_MISSING',
    )
    assert.equal(readdirSync(restored), [])
    const right = readFileSync(key, 'utf8').trim()
    await restoreBackup({
      directory: backup,
      folder: restored,
      encryptionKey: `${other},${right}`,
      keyFile: undefined,
    })
    assert.not(existsSync(join(restored, 'encryption.key')))
  }),
)

test(
  'backs up a folder that is at rest only into a folder that is new or empty, and elsewhere',
  withBackup(async ({ data, backup }) => {
    const into = (directory: string) => backUpFolder(data, clock, { directory, withKey: true })
    await refusal(into(backup), 'DIRECTORY_UNUSABLE')
    await refusal(into(join(data, 'inside')), 'DIRECTORY_UNUSABLE')
    await refusal(into('relative'), 'DIRECTORY_UNUSABLE')
    await refusal(into(join(backup, 'no', 'parent')), 'DIRECTORY_UNUSABLE')
    await refusal(
      backUpFolder(join(data, '..', 'nowhere'), clock, { directory: `${backup}2`, withKey: false }),
      'DIRECTORY_UNUSABLE',
    )
    const withKey = await into(`${backup}3`)
    assert.ok(withKey.hasKey && existsSync(join(`${backup}3`, 'encryption.key')))
  }),
)

test.run()
