// Names of calendars, whatever store keeps their keys.

/** A calendar as the outside names it. The id is often an e-mail address: it is in no event and no message. */
export type CalendarAddress = { provider: string; externalCalendarId: string }

/** One calendar under whatever letter case it is named: Google tells none apart, and answers in lower case. */
export const inOneCase = ({ provider, externalCalendarId }: CalendarAddress): CalendarAddress => ({
  provider,
  externalCalendarId: provider === 'google' ? externalCalendarId.toLowerCase() : externalCalendarId,
})

export const isInOneCase = (address: CalendarAddress): boolean =>
  inOneCase(address).externalCalendarId === address.externalCalendarId

/** Google's name for whichever calendar the credential's account calls its own: another one for each. */
export const isPrimary = ({ externalCalendarId }: Pick<CalendarAddress, 'externalCalendarId'>): boolean =>
  externalCalendarId.toLowerCase() === 'primary'
