import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { calcomWebhook } from '../../../infrastructure/calcom/webhook.ts'
import { readDelivery, signatureOf } from '../../support/signed-delivery.ts'

const project = resolve(import.meta.dirname, '../../..')
const folder = join(
  process.env.RECORDINGS_DIR ?? resolve(project, '../shared/recordings'),
  'activepieces-activepieces',
)
const Recording = z.object({ deliveries: z.array(z.object({ body: z.record(z.string(), z.unknown()) })) })

const recorded = suite('recorded deliveries of Cal.com')

if (existsSync(folder)) {
  const bodies = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => Recording.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))).deliveries)
    .map(({ body }) => Buffer.from(JSON.stringify(body)))

  recorded('are all understood, and none is of a kind unknown here', () => {
    assert.ok(bodies.length > 0)
    for (const body of bodies) {
      const read = readDelivery(body)
      assert.ok(read.ok, read.ok ? '' : read.problems.join('; '))
      assert.is.not(read.ok && read.delivery.trigger, 'IGNORED')
    }
  })

  recorded('carry no name, address or title past the edge', () => {
    for (const body of bodies) {
      assert.not.match(JSON.stringify(readDelivery(body)), /@|Person|Doe|Meeting/)
    }
  })

  recorded('of 2023 show a reschedule and then the cancellation of the booking it made', () => {
    const reads = bodies.map((body) => readDelivery(body))
    const moved = reads.flatMap((read) =>
      read.ok && read.delivery.trigger === 'BOOKING_RESCHEDULED' ? [read.delivery] : [],
    )[0]
    const ended = reads.flatMap((read) =>
      read.ok && read.delivery.trigger === 'BOOKING_CANCELLED' ? [read.delivery] : [],
    )[0]
    assert.is(moved?.booking.bookingUid, '88wXJjC8AHAbepGYM2bwp4')
    assert.is(moved?.booking.userId, '63498')
    assert.is(moved?.booking.start.toString(), '2023-02-21T11:00:00Z')
    assert.is(moved?.rescheduledFromUid, '3qTJ7WiwdMR3RJmDW2KGhr')
    assert.equal(moved?.booking.destinations, [])
    assert.is(ended?.bookingUid, moved?.booking.bookingUid)
    assert.is(ended?.requestReschedule, false)
  })

  recorded('pass as signed only in the bytes in which they came', () => {
    const read = calcomWebhook({ secrets: ['s'] })
    for (const body of bodies) {
      const signature = signatureOf(body, 's')
      assert.ok(read(body, signature).ok)
      assert.not.ok(read(Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1)), signature).ok)
    }
  })
} else {
  console.log('SKIP recorded deliveries of Cal.com: RECORDINGS_DIR names the folder that would run them')
  recorded.skip('are all understood', () => {})
}

recorded.run()
