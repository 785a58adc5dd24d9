import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DemoOptions, demo } from '../../cli/demo.ts'
import { runProcess } from '../support/run-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('the demo')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

test('tells a story that comes true, ends with 0 and leaves nothing behind', async () => {
  const folder = temporaryFolder()
  const temporary = join(folder.path, 'tmp')
  mkdirSync(temporary)
  // Whatever is configured here is not the demo's concern.
  const env = { TMPDIR: temporary, DATA_DIR: join(folder.path, 'data'), SYNC_MODE: 'off', PORT: 'none' }
  const { code, stdout, stderr } = await runProcess(process.execPath, [entry, 'demo'], {
    cwd: folder.path,
    env,
  })
  assert.is(code, 0, stdout)
  assert.is(stderr, '')
  for (const essential of [
    /PENDING +SubscriptionRequested +by CRON:bi-directional-calendar-sync\n/,
    /✓ PENDING → ACTIVE; channel \S+\n/,
    /✓ Nobody registered second-host@example.com: the booking did/,
    /✓ the first booking is rescheduled: .+ → .+\n/,
    /✓ the second booking is rescheduled: (\S+ \S+ \S+) (\S+)–\S+ → \1 \2–\S+\n/,
    /✓ the third booking is cancelled: DELETED_IN_CALENDAR\n/,
    /✓ Each came once, and nothing came of the dentist\n/,
    /✓ the first booking is at .+ in Cal\.com, as the booking \S+\n/,
    /✓ the third booking is cancelled in Cal\.com\n/,
    /✓ the second booking is as long as before in Cal\.com: a person is told \(CANNOT_RESIZE\)\n/,
    /channel \S+, message \d+, received at \d\d:\d\d:\d\d\.\d{3} UTC\n/,
    /\nEvery step came true\.\n$/,
  ])
    assert.match(stdout, essential)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what colours begin with.
  assert.not.match(stdout, /\u001b/, 'colours are for terminals')
  assert.is(stdout.match(/✗/), null)
  assert.equal(readdirSync(temporary), [])
  assert.not.ok(existsSync(env.DATA_DIR))
  folder.remove()
})

const broken: { [what: string]: { prepare: DemoOptions['prepare']; says: RegExp } } = {
  'Google opens no channel': {
    prepare: ({ standIns }) => {
      standIns?.google.core.faults.set({ methods: ['watch'], status: 503 })
    },
    says: /✗ An ACTIVE subscription with a channel: not within 1.5 s; last seen: PENDING/,
  },
  "Cal.com's webhooks are lost": {
    prepare: ({ standIns }) => {
      if (standIns) standIns.calcom.core.faults.dropWebhooks = 3
    },
    says: /✗ The calendar event of the first booking, looked at: .+last seen: no booking/,
  },
  'pushes are lost': {
    prepare: ({ standIns }) => {
      if (standIns) standIns.google.core.settings.push.drop = 1
    },
    says: /✗ A fetch of host@example.com after the edits/,
  },
}

for (const [what, { prepare, says }] of Object.entries(broken))
  test(`ends with 1, and says what did not come true, where ${what}`, async () => {
    let told = ''
    const screen = {
      write(text: string) {
        told += text
      },
    }
    const code = await demo({ screen, patienceMs: 1500, ...(prepare && { prepare }) })
    assert.is(code, 1)
    assert.match(told, says)
    assert.match(told, /The story did not come true: step \d failed\.\n$/)
    assert.not.match(told, 'Every step came true')
  })

test.run()
