import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MOST_REFERENCES } from '../../../domain/booking/references.ts'
import { streamName } from '../../../domain/domain-event.ts'
import { askOnceMore } from '../../../services/calcom/late-references.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('A booking with many references')

/** Cal.com names so many more events for the booking, each in a calendar of its own where `apart`. */
async function nameMore(sync: SyncFixture, booking: Linked, count: number): Promise<void> {
  const stored = sync.calcom.store.booking(booking.uid)
  if (stored === undefined) throw new Error('no booking')
  const more = Array.from({ length: count }, (_, n) => ({
    externalEventId: `event${n}`,
    externalCalendarId: `calendar-${n}@example.com`,
  }))
  const own = { externalEventId: booking.eventId, externalCalendarId: booking.host.calendarId }
  sync.calcom.store.replaceReferences(stored, [own, ...more])
  await askOnceMore(sync.ports, booking.uid, { poll: true })
  await sync.settle()
}

test(
  'that one answer names: the first are followed, a person is told, and Google is asked for no others',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await nameMore(sync, booking, 1_500)
    const state = await sync.booking(booking.uid)
    assert.is(state.kind === 'OPEN' && state.references.length, MOST_REFERENCES)
    assert.equal(state.kind === 'OPEN' && state.flags, ['TOO_MANY_EVENTS'])
    assert.ok(new Set(sync.asked('get').map(({ calendarId }) => calendarId)).size <= MOST_REFERENCES)
  }),
)

test('whose series are all read for the first time: its stream is read once for all of them', async () => {
  let reads = 0
  let counted = ''
  await inSync(
    {
      wrap: (ports) => ({
        ...ports,
        events: {
          ...ports.events,
          readStream: (stream, options) => {
            if (stream === counted) reads++
            return ports.events.readStream(stream, options)
          },
        },
      }),
    },
    async (sync) => {
      const booking = await sync.book(await sync.host())
      const stored = sync.calcom.store.booking(booking.uid)
      if (stored === undefined) throw new Error('no booking')
      const { calendarId } = booking.host
      const rule = (n: number) => ({
        start: { dateTime: booking.start.add({ minutes: n }).toString(), timeZone: 'Europe/London' },
        end: { dateTime: booking.start.add({ minutes: n + 30 }).toString(), timeZone: 'Europe/London' },
        recurrence: ['RRULE:FREQ=DAILY;COUNT=3'],
      })
      const series = Array.from(
        { length: MOST_REFERENCES - 1 },
        () => sync.google.insert(calendarId, rule(0)).id,
      )
      await sync.settle()
      const suffix = booking.start.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
      sync.calcom.store.replaceReferences(stored, [
        { externalEventId: booking.eventId, externalCalendarId: calendarId },
        ...series.map((id) => ({
          externalEventId: `${id}_${suffix}`,
          externalCalendarId: calendarId,
          recurringEventId: id,
        })),
      ])
      counted = streamName('booking', booking.uid)
      await askOnceMore(sync.ports, booking.uid, { poll: true })
      await sync.settle()
      const state = await sync.booking(booking.uid)
      const { references } = state.kind === 'OPEN' ? state : { references: [] }
      assert.is(references.length, MOST_REFERENCES)
      assert.is(references.filter(({ rule }) => rule !== undefined).length, MOST_REFERENCES - 1)
      // One more tells whose calendar was used.
      assert.ok(reads <= MOST_REFERENCES + 1, `${reads} reads`)
    },
  )()
})

test.run()
