import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { MOST_CLAIMS } from '../../../domain/booking/look.ts'
import type { ExternalEvent } from '../../../domain/external-event.ts'
import { readClaims } from '../../../projections/claims.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { newFindings } from '../../../services/sync/findings.ts'
import { matchPage } from '../../../services/sync/page-match.ts'
import { callsPerTurn } from '../../support/calls-per-turn.ts'
import { inSync } from '../../support/sync-fixture.ts'

const test = suite('An event that many bookings name')

const MANY = MOST_CLAIMS + 600
const reads = callsPerTurn()
/** Documents that were read at once, the most of them. */
let readAtOnce = 0
const counted = (ports: ServicePorts): ServicePorts => ({
  ...ports,
  readStore: {
    ...ports.readStore,
    async find(...asked) {
      const page = await ports.readStore.find(...asked)
      readAtOnce = Math.max(readAtOnce, page.items.length)
      return page
    },
  },
  events: {
    ...ports.events,
    readStream(...read) {
      reads.called()
      return ports.events.readStream(...read)
    },
  },
})

test(
  'stands for none of them, gathers few of their claims, and leaves others their turn',
  inSync({ roles: ['projections'], wrap: counted }, async (sync) => {
    const { calendarId: externalCalendarId, calendarKey, userId } = await sync.host()
    const start = sync.clock.now().add({ hours: 48 })
    const end = start.add({ minutes: 30 })
    const reference = { provider: 'google', externalCalendarId, externalEventId: 'event' }
    for (let n = 0; n < MANY; n++)
      await sync.command(TrackBooking, {
        bookingUid: `booking${n}`,
        userId,
        start: start.toString(),
        end: end.toString(),
        references: [reference],
      })
    await sync.projections.caughtUp('all')

    const times = { allDay: false as const, start: start.add({ hours: 1 }), end: end.add({ hours: 1 }) }
    const event: ExternalEvent = { id: 'event', status: 'confirmed', etag: '"1"', isSeries: false, times }
    const observedAt = sync.clock.now()
    const sight = { calendarKey, externalEventId: 'event', result: { seen: event } }
    readAtOnce = 0
    const claims = await readClaims(sync.ports.readStore, { observedAt, sights: [sight] })
    assert.is(claims.length, MOST_CLAIMS + 2)
    assert.is(readAtOnce, MOST_CLAIMS + 2)

    reads.reset()
    const findings = newFindings()
    await matchPage(sync.ports, { calendarKey, cause: { poll: true }, observedAt }, [event], findings)
    assert.is(findings.listed.size, MANY)
    assert.is(findings.looks.size, 0)
    assert.ok(reads.most() <= 300, `${reads.most()} bookings read in one turn`)
  }),
)

test.run()
