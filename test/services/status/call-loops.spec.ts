import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CalendarProvider } from '../../../ports/calendar-provider.ts'
import { callLoops, countedProvider } from '../../../services/status/call-loops.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('calls that repeat without end')

const unavailable = async () => ({ ok: false, code: 'UNAVAILABLE' }) as const
const provider: CalendarProvider = {
  name: 'google',
  watch: unavailable,
  stop: unavailable,
  changes: unavailable,
  event: unavailable,
  instances: unavailable,
  search: unavailable,
}
const calendar = (n: number) => ({ credentialId: 'c', externalCalendarId: `host-${n}@example.com` })

function watched() {
  const clock = virtualClock()
  const lines: string[] = []
  const loops = callLoops({
    clock,
    log: { error: (...given: unknown[]) => void lines.push(String(given.at(-1))) },
  })
  const { event, changes } = countedProvider(provider, loops)
  const told = () => loops.needsPerson().map(({ code, externalCalendarId }) => [code, externalCalendarId])
  return { clock, lines, told, event, changes }
}

test('are told of with their calendar, and logged once', async () => {
  const { clock, lines, told, event } = watched()
  for (let call = 0; call < 200; call++) {
    await event({ ...calendar(1), eventId: 'event1' })
    await clock.advance(100)
  }
  assert.equal(told(), [['CALLS_IN_A_LOOP', 'host-1@example.com']])
  assert.equal(lines, ['call repeats without end'])
  await clock.advance(3_600_000)
  assert.equal(told(), [])
})

test('are not those of many events, of many calendars, of pages, nor one a second', async () => {
  const { clock, told, event, changes } = watched()
  for (let call = 0; call < 500; call++) {
    await event({ ...calendar(1), eventId: `event${call}` })
    await event({ ...calendar(call), eventId: 'event1' })
    await changes({ ...calendar(1), pageToken: `page${call}` })
  }
  await clock.advance(60_000)
  for (let call = 0; call < 300; call++) {
    await changes(calendar(1))
    await clock.advance(1_000)
  }
  assert.equal(told(), [])
})

test.run()
