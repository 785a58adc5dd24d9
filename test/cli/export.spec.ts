// The auditor's verbs as an auditor types them, and the same proof without this program: sha256sum, sed and openssl.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const cli = suite('export and verify')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

async function inFolder(
  body: (at: { path: string; run: (...args: string[]) => ReturnType<typeof runProcess> }) => Promise<void>,
): Promise<void> {
  const folder = temporaryFolder()
  const path = folder.path
  const run = (...args: string[]) =>
    runProcess(process.execPath, [entry, ...args], { cwd: path, env: { DATA_DIR: join(path, 'data') } })
  try {
    const service = await startServiceProcess({ DATA_DIR: join(path, 'data'), PORT: '0', LOG_LEVEL: 'error' })
    try {
      const booked = await fetch(`${service.url}/commands/TrackBooking`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          bookingUid: 'booked',
          userId: '1',
          start: '2030-01-07T10:00:00Z',
          end: '2030-01-07T10:30:00Z',
          references: [],
        }),
      })
      assert.is(booked.status, 200, await booked.text())
      await body({ path, run })
    } finally {
      await service.end('SIGTERM')
    }
    const alone = await run('export')
    assert.equal((await run('verify')).code, 0)
    const database = new DatabaseSync(join(path, 'data', 'calendar-sync.sqlite'))
    const { changes } = database
      .prepare(
        "UPDATE read_document SET body = replace(body, '10:30', '10:45') WHERE collection LIKE 'bookings.%'",
      )
      .run()
    database.close()
    assert.is(Number(changes), 1)
    const differs = await run('verify')
    assert.is(differs.code, 1)
    assert.match(differs.stderr, /bookings up to \d+: booked is not what its events make of it\n$/)
    const told = await run('timeline', 'booked', '--json')
    assert.is(JSON.parse(told.stdout).entries[0].type, 'BookingTracked', told.stderr)
    assert.is(alone.code, 0, alone.stderr)
    assert.match(alone.stdout, /"manifest"/)
  } finally {
    folder.remove()
  }
}

cli('prove an export, with this program and without', () =>
  inFolder(async ({ path, run }) => {
    const file = join(path, 'events.ndjson')
    const made = await run('export', '--output', file)
    assert.equal([made.code, made.stderr], [0, ''])
    const streamed = await run('export', '--booking', 'booked')
    assert.match(streamed.stdout, /^\{"stream":"booking-booked","revision":0,/)
    const whole = await run('verify')
    assert.equal([whole.code, whole.stderr], [0, ''])
    assert.match(
      whole.stdout,
      /^The \d+ read models are what \d+ events make of them, and every stream keeps its rules/,
    )
    const story = await run('timeline', 'booked')
    assert.match(story.stdout, /^The booking is at 2030-01-07 10:00.*\n\n.*Z {2}Followed from now on/)
    assert.match(story.stdout, /BookingTracked at \d+, by api:default; command /)
    const unknownThen = await run('timeline', 'booked', '--at', '2026-01-01')
    assert.is(unknownThen.code, 1)
    assert.match(unknownThen.stderr, /BOOKING_UNKNOWN: The booking was not known at 2026-01-01T00:00:00Z/)
    const good = await run('verify', '--export', file)
    assert.is(good.code, 0, good.stderr)
    assert.match(good.stdout, /is as it was exported at .*Z: \d+ events, positions \d+ to \d+, signed with/)

    // docs/audit.md says these to an auditor.
    writeFileSync(join(path, 'key.pem'), (await run('export', '--public-key')).stdout)
    const shell = (script: string) => execFileSync('sh', ['-ec', script], { cwd: path }).toString()
    const [, commands = ''] =
      /```sh\n(# Prove[^`]*)```/.exec(
        readFileSync(join(import.meta.dirname, '../../docs/audit.md'), 'utf8'),
      ) ?? []
    assert.match(shell(commands), /Signature Verified Successfully\n(.*\n)*events: OK/)

    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('booking-booked', 'booking-forged'))
    const forged = await run('verify', '--export', file, '--public-key', 'key.pem')
    assert.is(forged.code, 1)
    assert.match(forged.stderr, /is not as it was exported .*\n {2}line \d+ was changed\.\n$/)
    assert.throws(() => shell(commands))
    const told = JSON.parse((await run('verify', '--export', file, '--json')).stdout)
    assert.equal([told.ok, told.code, told.count], [false, 'LINES_DIFFER', 1])
  }),
)

cli('say in a sentence what is wrong, and leave nothing half-written', () =>
  inFolder(async ({ path, run }) => {
    const ends = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(...args)
      assert.is(stdout, '')
      assert.not.match(stderr, /\n {4}at /)
      return [code, stderr.split('\n')[0]]
    }
    const file = join(path, 'events.ndjson')
    writeFileSync(file, 'mine')
    assert.equal(await ends('export', '--output', file), [1, `${file} is there already: name another file.`])
    assert.is(readFileSync(file, 'utf8'), 'mine')
    const [code, said] = await ends('export', '--booking', 'nobody', '--output', join(path, 'none'))
    assert.is(code, 1)
    assert.match(String(said), /BOOKING_UNKNOWN: No booking nobody is known here/)
    assert.throws(() => readFileSync(join(path, 'none')))
    assert.throws(() => readFileSync(join(path, 'none.part')))
    const none = await ends('export', '--output', join(path, 'no-folder', 'none'))
    assert.is(none[0], 1)
    assert.match(String(none[1]), /ENOENT/)
    assert.equal(await ends('export', '--from', '2026-12-02', '--to', '2026-12-01'), [
      2,
      '--from 2026-12-02T00:00:00Z is not before --to 2026-12-01T00:00:00Z: nothing lies between.',
    ])
    assert.is((await ends('export', '--from', 'yesterday'))[0], 2)
    assert.is((await ends('export', '--category', 'nothing'))[0], 2)
    assert.equal(await ends('verify', '--export', file), [
      1,
      `${file} is not whole: its last line is no manifest. It was cut short, or something was added behind.`,
    ])
    assert.equal(await ends('verify', '--export', 'gone'), [1, 'gone cannot be read (ENOENT).'])
    assert.is((await ends('verify', '--export', file, '--public-key', file))[0], 2)
  }),
)

cli.run()
