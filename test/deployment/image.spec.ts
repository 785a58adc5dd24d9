import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import manifest from '../../package.json' with { type: 'json' }

const test = suite('the image')
const root = join(import.meta.dirname, '../..')
const text = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Every file that the command line's entry imports or reads, and every package that one of them names. */
function program(): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const source = readFileSync(file, 'utf8').replace(/^import type .*$/gm, '')
    for (const [, read = ''] of source.matchAll(/new URL\([`'](\.{1,2}\/[^`'$]+)/g))
      files.add(resolve(dirname(file), read))
    const quoted = /(?:\bfrom|\bimport|\bimport\(|\brequire\(|\.start\() ?'(\.{1,2}\/[^']+|@?[a-z][\w./-]*)'/g
    for (const [, specifier = ''] of source.matchAll(quoted)) {
      if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier))
      else if (!specifier.startsWith('node:') && !builtinModules.includes(specifier))
        packages.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  visit(join(root, 'bin/calendar-sync.cjs'))
  return { files, packages }
}

/** What .dockerignore lets in. */
const letIn = text('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1))

test('it has every file that the program imports or reads, and no folder besides', () => {
  const { files } = program()
  assert.ok(files.size > 100, 'the imports were followed')
  const tops = new Set([...files].map((file) => relative(root, file).split(sep)[0]))
  for (const top of tops) assert.ok(letIn.includes(top ?? ''), `${top} is let in`)
  const packaging = ['package.json', 'package-lock.json', '.npmrc', 'LICENSE']
  for (const name of letIn) {
    assert.ok(existsSync(join(root, name)), name)
    assert.ok(tops.has(name) || packaging.includes(name), `${name} is used`)
  }
})

test('every package that the program imports is installed without those for development', () => {
  const { packages } = program()
  assert.ok(packages.size > 5, 'the imports were followed')
  for (const name of packages) assert.ok(name in manifest.dependencies, name)
})

test('everything that is not named stays out of it: secrets and data above all', () => {
  const lines = text('.dockerignore').split('\n')
  assert.ok(lines.includes('*'))
  for (const secret of ['data', 'secrets', '.env', 'node_modules', '.git'])
    assert.not.ok(letIn.includes(secret))
})

test('it is built on one pinned Node, and runs the service itself as a user without rights', () => {
  const dockerfile = text('Dockerfile')
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? '')
  assert.is(new Set(bases).size, 1)
  assert.match(bases[0] ?? '', /^node:26\.\d+\.\d+-slim$/)
  assert.match(dockerfile, /^USER node$/m)
  assert.match(dockerfile, /^STOPSIGNAL SIGTERM$/m)
  assert.match(dockerfile, /^CMD \["node", "bin\/calendar-sync\.cjs", "start"\]$/m)
})

const run = promisify(execFile)
const docker = async (...args: string[]): Promise<string> =>
  (await run('docker', args, { cwd: root, timeout: 300_000 })).stdout

const answers = await docker('info', '--format', '{{.ServerVersion}}').catch(() => '')

if (answers === '') {
  console.log('SKIP the image: start Docker, or name an engine that answers in DOCKER_HOST')
  test.skip('it is built, runs on a read-only root, keeps its data, and ends with 0 when it is told to')
} else
  test('it is built, runs on a read-only root, keeps its data, and ends with 0 when it is told to', async () => {
    const name = `calendar-sync-test-${randomBytes(4).toString('hex')}`
    const image = name
    const service = [
      ...['--network', 'none', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--memory', '512m'],
      ...['--security-opt', 'no-new-privileges:true', '--volume', `${name}-data:/data`],
    ]
    const untilReady =
      "const ask = () => fetch('http://127.0.0.1:3100/health/ready').then(({ ok }) => ok, () => false);" +
      'const look = async () => (await ask()) ? process.exit(0) : setTimeout(look, 100); look()'
    await docker('build', '--quiet', '--tag', image, '.')
    try {
      await docker('run', '--detach', '--name', name, ...service, image)
      await docker('exec', name, 'node', '-e', untilReady)

      assert.is((await docker('exec', name, 'id', '-u')).trim(), '1000')
      assert.match(
        await docker('exec', name, 'touch', '/app/anything').catch(({ stderr }) => String(stderr)),
        /Read-only file system/,
      )
      assert.match(await docker('exec', name, 'node', 'bin/calendar-sync.cjs', 'status'), /status: OK/)
      const kept = await docker('exec', name, 'cat', '/data/api-token')
      await docker('exec', name, 'node', 'bin/calendar-sync.cjs', 'backup', '/tmp/backup')

      await docker('stop', '--time', '30', name)
      assert.is((await docker('inspect', '--format', '{{.State.ExitCode}}', name)).trim(), '0')
      await docker('rm', name)
      await docker('run', '--detach', '--name', name, ...service, image)
      assert.is(await docker('exec', name, 'cat', '/data/api-token'), kept)
    } finally {
      await docker('rm', '--force', name).catch(() => undefined)
      await docker('volume', 'rm', `${name}-data`).catch(() => undefined)
      await docker('image', 'rm', image).catch(() => undefined)
    }
  })

test.run()
