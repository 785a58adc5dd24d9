// Published changes that wait long for an outcome: Cal.com does not show them, and nobody has reported one.
import { isBefore } from '../../domain/times.ts'
import type { Stores, Time } from '../../ports/port-groups.ts'
import { type PublicationDocument, unreportedToCome } from '../../projections/publications.ts'
import { NAMED, type NeedsPerson } from './need.ts'

/** After so long a person is told. */
const WAITS_MS = 3_600_000
/** The most changes that are looked through for those that wait so long. */
const ASKED = 1000

/** Changes of meetings to come that were published an hour ago, or longer, and are not in Cal.com. */
export async function notCarriedOut({
  readStore,
  now,
}: Pick<Stores, 'readStore'> & Pick<Time, 'now'>): Promise<NeedsPerson[]> {
  const at = now()
  const before = at.subtract({ milliseconds: WAITS_MS })
  const { items } = await unreportedToCome(readStore, at, { limit: ASKED })
  return items
    .filter((one) => isBefore(Temporal.Instant.from(one.at), before))
    .slice(0, NAMED)
    .map(entryOf)
}

const entryOf = ({ bookingUid, at, type }: PublicationDocument): NeedsPerson => ({
  code: 'NOT_CARRIED_OUT',
  sentence: `${type === 'BookingCancelled' ? 'A cancellation' : 'A move'} of this booking was published and is not in Cal.com yet.`,
  next: `See whether the consumer of the booking events runs, or, with CALCOM_APPLY=api, whether Cal.com answers and takes the host's API key. What was decided: GET /bookings/${encodeURIComponent(bookingUid.toWellFormed())}/timeline.`,
  bookingUid,
  since: at,
})
