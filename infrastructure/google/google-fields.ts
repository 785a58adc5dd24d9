/** All that is received of an event: no title, description or place, no name or address of anyone. */
export const EVENT_FIELDS = [
  'kind',
  'id',
  'status',
  'etag',
  'created',
  'updated',
  'start',
  'end',
  'recurrence',
  'recurringEventId',
  'originalStartTime',
  'organizer/self',
  'attendees(responseStatus,self,organizer,resource)',
  'attendeesOmitted',
].join(',')

/**
 * The same for the first list, for each page and for each call with a sync token, as Google demands. `showDeleted` is
 * not sent. With a sync token deleted entries come anyway, and forbidding them is refused. A full list needs none: each
 * linked event that it lacks is looked at by itself.
 */
export const LIST = {
  singleEvents: false,
  maxResults: 2500,
  fields: `kind,timeZone,nextPageToken,nextSyncToken,items(${EVENT_FIELDS})`,
}
