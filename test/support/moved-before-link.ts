import type { Host, Linked, SyncFixture } from './sync-fixture.ts'

/** A booking whose event was moved by four hours before the booking was linked to it. */
export async function movedBeforeLink(
  sync: SyncFixture,
  host: Host,
  options?: Parameters<SyncFixture['book']>[1],
): Promise<Linked> {
  sync.calcom.faults.referencesMissing = true
  sync.calcom.settings.eventLink = 'none'
  const booking = await sync.book(host, options)
  const eventId = sync.calcom.store.booking(booking.uid)?.references[0]?.uid ?? ''
  sync.google.drag(host.calendarId, eventId, { start: booking.start.add({ hours: 4 }).toString() })
  await sync.pass(5_000)
  sync.calcom.faults.referencesMissing = false
  await sync.pass(60_000)
  await sync.settle()
  return { ...booking, eventId }
}
