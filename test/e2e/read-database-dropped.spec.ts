import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { settled } from '../../cli/demo/story-bookings.ts'
import type { World } from '../../cli/demo/world.ts'
import type { MongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'
import { START } from '../../ports/event-store/event-store.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { withDeadline } from '../support/deadline.ts'
import { readToEnd } from '../support/events.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { mongodbForTests } from '../support/mongodb.ts'
import { connectAndBook, type OutlivingWorld, withOutlivingWorld } from '../support/outliving-world.ts'

const mongodb = await mongodbForTests()

const dropped = suite('the database of the read models dropped')
if (!mongodb) console.log('SKIP set MONGODB_URL, or start Docker, to drop the database of the read models')
const test = mongodb ? dropped : dropped.skip

const calendar = { provider: 'google', externalCalendarId: STAND_IN_HOST.calendarId }
const day = Temporal.Now.instant().add({ hours: 120 }).round('hour')
const from = (start: Temporal.Instant) => ({
  start: start.toString(),
  end: start.add({ minutes: 30 }).toString(),
})

/** A booking told of only after its event had been moved, as it comes to be held. */
async function differing({ standIns }: OutlivingWorld, world: World, bookingUid: string): Promise<string> {
  const { start, end } = from(day.add({ hours: 3 }))
  const { id } = standIns.google.core.insert(STAND_IN_HOST.calendarId, {
    start: { dateTime: start },
    end: { dateTime: end },
  })
  const references = [{ ...calendar, externalEventId: id }]
  const { userId } = STAND_IN_HOST
  const booking = { bookingUid, userId, status: 'ACCEPTED', ...from(day), references }
  await world.service.post('/commands/TrackBooking', booking)
  await world.until(`A hold of ${bookingUid}`, async () => {
    const { needsPerson } = await world.status()
    return needsPerson.some(({ code, bookingUid }) => code === 'FIRST_LOOK' && bookingUid === undefined)
      ? true
      : undefined
  })
  return id
}

/** Collection by collection: another server of the protocol drops all databases that begin with the name of one. */
const dropReadModels = ({ database, use }: MongodbConnection) =>
  use(async () => {
    for (const { name } of await database.listCollections().toArray()) await database.dropCollection(name)
  })

async function factsIn(url: string): Promise<string[]> {
  const events = openEventStoreDb(url)
  const filter = { categories: ['booking', 'calendarFeed', 'calendarSync'] }
  const all = await readToEnd(events, { after: START, filter, limit: 500 }).finally(() => events.close())
  return all.map(
    ({ stream, revision, type, data }) => `${stream} ${revision} ${type} ${JSON.stringify(data)}`,
  )
}

test('nothing is held, decided or let act that was not before', async () => {
  const double = await startEventStoreDbDouble()
  const database = await mongodb?.open()
  const engines = {
    EVENTSTORE_URL: double.url,
    MONGODB_URL: database?.url ?? '',
    ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
  }
  try {
    await withDeadline(90_000, () =>
      withOutlivingWorld(async (outliving) => {
        const service = await outliving.start()
        const world = outliving.worldOf(service)
        const [moved] = await connectAndBook(world, 1)
        assert.ok(moved)
        const late = day.add({ hours: 24 })
        outliving.calendar.change(moved.eventId, { start: late, end: late.add({ minutes: 30 }) })
        await differing(outliving, world, 'released')
        await world.service.post('/commands/ReleaseHeldChanges', calendar)
        await world.until('Both moves', async () => ((await world.feed()).length > 1 ? true : undefined))
        await differing(outliving, world, 'discarded')
        await world.service.post('/commands/DiscardHeldChanges', calendar)
        await settled(world, 'the discard')
        await differing(outliving, world, 'held')
        await settled(world, 'the hold')
        await service.end('SIGTERM')
        const before = await factsIn(double.url)
        assert.is(before.filter((fact) => fact.includes(' ChangesHeld ')).length, 3)

        if (database) await dropReadModels(database.connection)
        const again = outliving.worldOf(await outliving.start())
        await again.until('Read models made anew', async (complain) => {
          const { outages, projections, needsPerson } = await again.status()
          complain(JSON.stringify({ outages, projections, needsPerson }))
          const held = needsPerson.filter(
            ({ code, bookingUid }) => code === 'FIRST_LOOK' && bookingUid === undefined,
          )
          return outages.length === 0 && held.length === 1 ? true : undefined
        })
        const seen = outliving.standIns.google.requests.length
        await again.until('Another look at each', async () => {
          const asked = outliving.standIns.google.requests.slice(seen)
          return asked.filter(({ path }) => path.endsWith('/events')).length > 3 ? true : undefined
        })
        await settled(again, 'the looks that follow')
        assert.equal(await factsIn(double.url), before)
      }, engines),
    )
  } finally {
    await database?.close()
    await double.close()
  }
})

dropped.run()
