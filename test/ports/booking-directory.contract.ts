import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { BookingDirectory } from '../../ports/booking-directory.ts'
import type { CalcomCore } from '../../stand-ins/calcom/calcom-core.ts'
import type { Outcome } from '../../stand-ins/calcom/outcome.ts'

/** Cal.com as its users have left it, and a directory of it. */
export type DirectoryForTests = {
  core: CalcomCore
  /** Shows Cal.com as it is now, two bookings a page. */
  look(): Promise<BookingDirectory>
  close(): Promise<void>
}

/** Races that take no time. */
export const WITHOUT_RACES = { beforeReferencesMs: 0, betweenReferencesMs: 0, beforeCancelStoredMs: 0 }

const HOST = 7

const from = (days: number): Temporal.Instant => systemClock.now().add({ hours: 24 * days })

/** The stored booking, once everything that follows from it has happened. */
async function settled(outcome: Outcome) {
  if (!outcome.ok) throw new Error(outcome.message)
  await outcome.settled
  return outcome.booking
}

/** What every directory of Cal.com's bookings does, whatever it asks. */
export function bookingDirectoryContract(name: string, open: () => Promise<DirectoryForTests>): void {
  const contract = suite(`every directory of bookings: ${name}`)

  const test = (sentence: string, play: (at: DirectoryForTests) => Promise<void>) =>
    contract(sentence, async () => {
      const at = await open()
      const destination = { externalCalendarId: 'host@example.com', credentialId: '92' }
      at.core.createUser({ id: HOST, destination })
      try {
        await play(at)
      } finally {
        await at.close()
      }
    })
  const booked = async ({ core }: DirectoryForTests, days: number, userId = HOST) =>
    settled(core.book({ userId, start: from(days) }))

  test('gives a booking as Cal.com has it, to whoever is its host', async (at) => {
    const { uid, start, end } = await booked(at, 1)
    const answer = await (await at.look()).booking(uid, String(HOST))
    assert.ok(answer.ok)
    assert.is(answer.value.bookingUid, uid)
    assert.is(answer.value.userId, '7')
    assert.is(answer.value.status, 'ACCEPTED')
    assert.ok(answer.value.start.equals(start))
    assert.ok(answer.value.end.equals(end))
    assert.is(answer.value.rescheduledToUid, undefined)
    assert.equal((await (await at.look()).booking(uid, undefined)).ok, true)
  })

  test('shows a booking that waits for acceptance, and one that was cancelled', async (at) => {
    const pending = at.core.book({ userId: HOST, start: from(1), requiresConfirmation: true })
    assert.ok(pending.ok)
    const cancelled = await booked(at, 2)
    await settled(at.core.cancel(cancelled.uid))
    const bookings = await at.look()
    const statusOf = async (uid: string) => {
      const answer = await bookings.booking(uid, String(HOST))
      return answer.ok && answer.value.status
    }
    assert.is(await statusOf(pending.booking.uid), 'PENDING')
    assert.is(await statusOf(cancelled.uid), 'CANCELLED')
  })

  test('shows a booking that was rescheduled away as over, and both ends of the chain', async (at) => {
    const { uid } = await booked(at, 1)
    const next = await settled(at.core.reschedule(uid, { start: from(2) }))
    const bookings = await at.look()
    const old = await bookings.booking(uid, String(HOST))
    assert.ok(old.ok)
    assert.equal([old.value.status, old.value.rescheduledToUid], ['CANCELLED', next.uid])
    const successor = await bookings.booking(next.uid, String(HOST))
    assert.ok(successor.ok)
    assert.equal([successor.value.status, successor.value.rescheduledFromUid], ['ACCEPTED', uid])
  })

  test('shows a booking that guests share as open until the last of them has left', async (at) => {
    const { id } = at.core.createEventType(HOST, { lengthMinutes: 30, seatsPerTimeSlot: 3 })
    const guest = (n: number) => [{ name: `Guest ${n}`, email: `guest${n}@example.com`, timeZone: 'UTC' }]
    const start = from(1)
    const { uid } = await settled(at.core.book({ userId: HOST, eventTypeId: id, start, attendees: guest(1) }))
    await settled(at.core.book({ userId: HOST, eventTypeId: id, start, attendees: guest(2) }))
    const answer = await (await at.look()).booking(uid, String(HOST))
    assert.ok(answer.ok)
    assert.equal([answer.value.status, answer.value.seats], ['ACCEPTED', true])
  })

  test('names the events of a booking, and the calendar where Cal.com does', async (at) => {
    const { uid } = await booked(at, 1)
    const eventId = at.core.store.booking(uid)?.references[0]?.uid
    assert.equal(await (await at.look()).references(uid, String(HOST)), {
      ok: true,
      value: [{ externalEventId: eventId, externalCalendarId: 'host@example.com' }],
    })
    at.core.settings.referenceCalendarStored = false
    const other = await booked(at, 2)
    const named = await (await at.look()).references(other.uid, String(HOST))
    assert.ok(named.ok)
    assert.equal(
      named.value.map(({ externalCalendarId }) => externalCalendarId),
      [undefined],
    )
  })

  test('says with an empty name that a reference is still to come, and nothing where there is none', async (at) => {
    at.core.settings.referenceUid = 'empty'
    const { uid } = await booked(at, 1)
    const answer = await (await at.look()).references(uid, String(HOST))
    assert.equal(answer.ok && answer.value.map(({ externalEventId }) => externalEventId), [''])
    const none = await settled(at.core.book({ userId: HOST, start: from(2), references: [] }))
    assert.equal(await (await at.look()).references(none.uid, String(HOST)), { ok: true, value: [] })
  })

  test('does not find a booking that is not there, or there no more', async (at) => {
    const gone = await booked(at, 1)
    at.core.store.forget(gone)
    const bookings = await at.look()
    for (const uid of [gone.uid, "o'hara", 'ünbekannt']) {
      const answer = await bookings.booking(uid, String(HOST))
      assert.is(!answer.ok && answer.code, 'NOT_FOUND', uid)
      assert.is((await bookings.references(uid, String(HOST))).ok, false, uid)
    }
  })

  /** All pages, one after another, with what happens between them. */
  async function allFuture(at: DirectoryForTests, days: number, between = async () => {}) {
    const found: string[] = []
    let pages = 0
    let after: string | undefined
    do {
      const bookings = await at.look()
      const page = await bookings.futureBookings({ from: from(days), ...(after !== undefined && { after }) })
      if (!page.ok) throw new Error(page.code)
      assert.ok(page.value.bookings.length <= 2)
      found.push(...page.value.bookings.map(({ bookingUid }) => bookingUid))
      after = page.value.next
      pages += 1
      await between()
    } while (after !== undefined && pages < 20)
    return { found: found.sort(), pages }
  }

  test('lists the bookings to come page by page, those that wait too, and none that is over', async (at) => {
    const expected: string[] = []
    for (let day = 1; day <= 5; day++) expected.push((await booked(at, day)).uid)
    const pending = at.core.book({ userId: HOST, start: from(6), requiresConfirmation: true })
    assert.ok(pending.ok)
    expected.push(pending.booking.uid)
    await settled(at.core.cancel((await booked(at, 7)).uid))
    const moved = await settled(at.core.reschedule((await booked(at, 8)).uid, { start: from(9) }))
    expected.push(moved.uid)
    const { found, pages } = await allFuture(at, 0)
    assert.equal(found, expected.sort())
    assert.ok(pages >= 4, String(pages))
    assert.is((await allFuture(at, 4.5)).found.length, 3)
  })

  test('misses none that is there all the time while others come and go between pages', async (at) => {
    const steady: string[] = []
    const leaving: string[] = []
    for (let day = 1; day <= 4; day++) {
      leaving.push((await booked(at, day)).uid)
      steady.push((await booked(at, day + 10)).uid)
    }
    const { found } = await allFuture(at, 0, async () => {
      const [uid] = leaving.splice(0, 1)
      if (uid !== undefined) await booked(at, 30 + leaving.length)
    })
    assert.equal(
      steady.filter((uid) => !found.includes(uid)),
      [],
    )
  })

  test('lists one user’s bookings where one user is asked for', async (at) => {
    at.core.createUser({ id: 9 })
    await booked(at, 1)
    const { uid } = await booked(at, 2, 9)
    const page = await (await at.look()).futureBookings({ from: from(0), userId: '9' })
    assert.equal(page.ok && page.value.bookings.map(({ bookingUid }) => bookingUid), [uid])
  })

  test('says nothing to whoever has ended', async (at) => {
    const { uid } = await booked(at, 1)
    const bookings = await at.look()
    const answer = await bookings.booking(uid, String(HOST), AbortSignal.abort())
    assert.equal(answer, { ok: false, code: 'UNAVAILABLE' })
  })

  contract.run()
}
