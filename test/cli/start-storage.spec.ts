// A start where the storage below the data folder fails: real processes, on mounts of a namespace of their own.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EndedProcess, runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('a start on storage that fails')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

function assertTold({ code, stdout, stderr }: EndedProcess, sentence: RegExp): void {
  assert.match(stderr, sentence)
  assert.is(stderr.trim().split('\n').length, 1, stderr)
  assert.is(stdout, '')
  assert.is(code, 1)
}

test('damaged pages are told in one line, and 1', async () => {
  const folder = temporaryFolder()
  const env = { DATA_DIR: join(folder.path, 'data'), PORT: '0' }
  const once = await startServiceProcess(env)
  await once.end('SIGTERM')
  const path = join(env.DATA_DIR, 'calendar-sync.sqlite')
  const pages = readFileSync(path)
  writeFileSync(path, pages.fill('Z', 4096))
  const ended = await runProcess(process.execPath, [entry, 'start'], { cwd: folder.path, env })
  assertTold(ended, /^A file of the data folder \S+ is damaged \(.+\): restore it from a backup\.$/m)
  folder.remove()
})

/** A start in a mount namespace of its own, after `mounting`, in which $1 is the data folder. */
async function startOn(mounting: string): Promise<EndedProcess> {
  const folder = temporaryFolder()
  const env = { DATA_DIR: folder.path, PORT: '0' }
  if (mounting.includes('--bind')) await (await startServiceProcess(env)).end('SIGTERM')
  const script = `${mounting} && exec "$2" "$3" start`
  const args = ['-rm', '/bin/sh', '-c', script, 'sh', folder.path, process.execPath, entry]
  const ended = await runProcess('/usr/bin/unshare', args, { cwd: '/', env })
  folder.remove()
  return ended
}

if (mayMount()) {
  for (const size of ['16k', '120k'])
    test(`a disk that is full after ${size} is told in one line, and 1`, async () =>
      assertTold(
        await startOn(`/bin/mount -t tmpfs -o size=${size} none "$1"`),
        /^The disk of the data folder \S+ is full \(.+\): make room on it\.$/m,
      ))

  test('a mount that can only be read is told in one line, and 1', async () =>
    assertTold(
      await startOn('/bin/mount --bind "$1" "$1" && /bin/mount -o remount,ro,bind "$1"'),
      /^The data folder \S+ cannot be used: EROFS: read-only file system, .+\.$/m,
    ))
} else console.log('SKIP full disks and read-only mounts: run where unshare may make mounts')

/** Whether this machine lets a user have mounts of his own, as few containers do. */
function mayMount(): boolean {
  try {
    execFileSync('/usr/bin/unshare', ['-rm', '/bin/mount', '-t', 'tmpfs', 'none', '/mnt'], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

test.run()
