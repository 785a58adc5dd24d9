import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readConfiguration } from '../../infrastructure/config/configuration.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { startService } from '../../main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('the files of a data folder')

/** Runs a service with the stand-ins on the folder, and gives the lines that it logged as warnings. */
async function run(folder: string): Promise<{ [name: string]: unknown }[]> {
  const read = readConfiguration({ DATA_DIR: folder, PORT: '0', SETTLE_MS: '50' })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const lines: { [name: string]: unknown }[] = []
  const log = createLogger({
    level: 'warn',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  const service = await startService(read.configuration, { log })
  // While it runs, the write-ahead logs are there too.
  assert.ok(readdirSync(folder).includes('vault.sqlite-wal'))
  assert.equal(openToOthers(folder), [])
  await service.stop()
  return lines.filter(({ msg }) => /data folder/.test(String(msg)))
}

const OWN = /sqlite|json|key|token|address$/
const openToOthers = (folder: string): string[] =>
  ['.', ...readdirSync(folder).filter((name) => OWN.test(name))].filter(
    (name) => (statSync(join(folder, name)).mode & 0o077) !== 0,
  )

test("are made its owner's alone, and stay so", async () => {
  const { path, remove } = temporaryFolder()
  const folder = join(path, 'data')
  assert.equal(await run(folder), [])
  assert.equal(openToOthers(folder), [])
  assert.equal(await run(folder), [])
  remove()
})

test('are mended at the start where others could read them, which a line says; what is not of the service stays', async () => {
  const { path, remove } = temporaryFolder()
  const folder = join(path, 'data')
  await run(folder)
  chmodSync(folder, 0o755)
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644)
  writeFileSync(join(folder, 'mine.txt'), 'x', { mode: 0o644 })
  mkdirSync(join(path, 'elsewhere'), { mode: 0o755 })
  symlinkSync(join(path, 'elsewhere'), join(folder, 'address.link'))
  const [line, ...more] = await run(folder)
  assert.equal(more, [])
  assert.match(String(line?.msg), /was open to others/)
  for (const name of ['', 'calendar-sync.sqlite', 'vault.sqlite', 'stand-ins.json', 'stamp.json'])
    assert.ok(String(line?.mended).split(',').includes(join(folder, name)), name)
  assert.is(statSync(join(folder, 'mine.txt')).mode & 0o777, 0o644)
  assert.is(statSync(join(path, 'elsewhere')).mode & 0o777, 0o755)
  remove()
})

test.run()
