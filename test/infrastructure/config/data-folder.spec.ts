import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDataFolder } from '../../../infrastructure/config/data-folder.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folders = suite('the data folder')

/** Runs `use` with the path of a folder that is not there yet. */
function withFolder(use: (path: string) => void): void {
  const parent = temporaryFolder()
  try {
    use(join(parent.path, 'deep', 'data'))
  } finally {
    parent.remove()
  }
}

folders('is made for its owner alone, and stamped once', () => {
  withFolder((path) => {
    assert.equal(openDataFolder(path, 'stand-in'), { ok: true })
    assert.is(statSync(path).mode & 0o777, 0o700)
    assert.equal(readdirSync(path), ['stamp.json'])
    const stamp = readFileSync(join(path, 'stamp.json'), 'utf8')
    assert.equal(JSON.parse(stamp), { version: 1, googleRoot: 'stand-in' })
    assert.equal(openDataFolder(path, 'stand-in'), { ok: true })
    assert.is(readFileSync(join(path, 'stamp.json'), 'utf8'), stamp)
  })
})

// mkdirSync of Node 26, told to make what is above, too, never comes back here: hence a process that can be ended.
const where = existsSync('/proc/self') ? folders : folders.skip
if (!existsSync('/proc/self')) console.log('where no folder can be made and ENOENT says so: needs /proc')
where('is refused where the system lets nothing be made, at once', () => {
  const module = join(import.meta.dirname, '../../../infrastructure/config/data-folder.ts')
  for (const path of ['/proc/calendar-sync', '/proc/calendar-sync/deep']) {
    const asked = `import(${JSON.stringify(module)}).then(({ openDataFolder }) =>
      console.log(openDataFolder(${JSON.stringify(path)}, 'stand-in').code))`
    const { stdout, signal } = spawnSync(process.execPath, ['-e', asked], {
      timeout: 20_000,
      encoding: 'utf8',
    })
    assert.is(signal, null, 'it came back')
    assert.is(stdout.trim(), 'DATA_FOLDER_UNUSABLE')
  }
})

folders('is refused with another Google than the one it was made with', () => {
  withFolder((path) => {
    openDataFolder(path, 'stand-in')
    const answer = openDataFolder(path, 'https://www.googleapis.com/')
    assert.is(answer.ok ? 'ok' : answer.code, 'DATA_FOLDER_OTHER_GOOGLE_ROOT')
    assert.match(
      answer.ok ? '' : answer.message,
      /belongs to the built-in stand-ins.*choose another DATA_DIR/,
    )
  })
})

folders('of a newer version is refused', () => {
  withFolder((path) => {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'stamp.json'), JSON.stringify({ version: 2, googleRoot: 'stand-in', more: 1 }))
    const answer = openDataFolder(path, 'stand-in')
    assert.is(answer.ok ? 'ok' : answer.code, 'DATA_FOLDER_NEWER')
  })
})

folders('with a stamp that cannot be read is refused, not stamped again', () => {
  for (const content of ['', '{"version":', '{}', '{"version":"1","googleRoot":"stand-in"}']) {
    withFolder((path) => {
      mkdirSync(path, { recursive: true })
      writeFileSync(join(path, 'stamp.json'), content)
      const answer = openDataFolder(path, 'stand-in')
      assert.is(answer.ok ? 'ok' : answer.code, 'DATA_FOLDER_STAMP_UNREADABLE')
      assert.is(readFileSync(join(path, 'stamp.json'), 'utf8'), content)
    })
  }
})

folders('that cannot be made is a refusal with its reason', () => {
  withFolder((path) => {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, 'a file')
    const answer = openDataFolder(path, 'stand-in')
    assert.is(answer.ok ? 'ok' : answer.code, 'DATA_FOLDER_UNUSABLE')
    assert.match(answer.ok ? '' : answer.message, path)
  })
})

folders.run()
