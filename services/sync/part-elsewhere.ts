// Looks in all calendars of a host for the part of a series that a lost occurrence may go on in. A part that was moved to
// another calendar is named by no list of its old one, and a full list need not show that it was there.
import { type LostOccurrence, mayGoOn, partWith } from '../../domain/booking/series-part.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Answer, ProviderError } from '../../ports/calendar-provider.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import type { ServicePorts } from '../running/service-ports.ts'

export type PartElsewhere = { calendarKey: string; recurringEventId: string }

/** `UNCLEAR`: a series may be the part. Undefined where none is, or the occurrence went by itself. */
export async function findPart(
  ports: ServicePorts,
  calendarKey: string,
  lost: LostOccurrence,
  others: readonly string[],
  signal: AbortSignal,
): Promise<Answer<PartElsewhere | 'UNCLEAR' | undefined>> {
  const series = await seriesOf(ports, calendarKey, lost, signal)
  if (!series.ok) return series
  if (!mayGoOn(series.value, lost)) return { ok: true, value: undefined }
  const calendarOf = new Map<ExternalEvent, string>()
  for (const key of new Set([...others, calendarKey])) {
    const listed = await mastersIn(ports, key, signal)
    if (!listed.ok && !isNotThere(listed)) return listed
    if (listed.ok) for (const master of listed.value) calendarOf.set(master, key)
  }
  const part = partWith(lost, series.value, [...calendarOf.keys()])
  if (part === undefined || part === 'UNCLEAR') return { ok: true, value: part }
  const found = { calendarKey: calendarOf.get(part) ?? calendarKey, recurringEventId: part.id }
  return { ok: true, value: found }
}

/** True if the calendar, or the event in it, is not known. */
export const isNotThere = ({ code }: { code: string }): boolean => code === 'NOT_FOUND' || code === 'GONE'

async function seriesOf(
  ports: ServicePorts,
  calendarKey: string,
  { recurringEventId: eventId }: LostOccurrence,
  signal: AbortSignal,
): Promise<Answer<ExternalEvent | undefined>> {
  const reached = await accessTo(ports, calendarKey)
  const answer = reached.ok ? await ports.provider.event({ ...reached.access, eventId }, signal) : reached
  return answer.ok || !isNotThere(answer) ? answer : { ok: true, value: undefined }
}

/** Lists from now on, and not from the occurrence: a part of a part is known by the part between. */
async function mastersIn(
  ports: ServicePorts,
  calendarKey: string,
  signal: AbortSignal,
): Promise<{ ok: true; value: ExternalEvent[] } | ProviderError> {
  const reached = await accessTo(ports, calendarKey)
  if (!reached.ok) return reached
  const timeMin = ports.now()
  const masters: ExternalEvent[] = []
  let pageToken: string | undefined
  do {
    const page = await ports.provider.changes(
      { ...reached.access, timeMin, ...(pageToken !== undefined && { pageToken }) },
      signal,
    )
    if (!page.ok) return page
    masters.push(...page.value.events.filter(({ isSeries }) => isSeries))
    pageToken = page.value.nextPageToken
  } while (pageToken !== undefined)
  return { ok: true, value: masters }
}
