// The catalogue of refusals: why this service could not carry a published change out in Cal.com, and what a person can do.
// Codes are stable once released. A consumer may report codes of its own.

/** The cause and the result, and the action for a person, as clauses. */
export type Refusal = { readonly because: string; readonly remedy: string }

const catalogue = {
  CANNOT_RESIZE: {
    because:
      "the event has another length than the booking's event type, which Cal.com's API cannot give a booking, so the booking was left as it is",
    remedy:
      "give the event the length of the booking's event type again, or change the booking in Cal.com by hand",
  },
  REFUSED_BY_CALCOM: {
    because:
      'Cal.com refused to carry out what was changed in the calendar, so the booking was left as it is',
    remedy: 'move the event to where Cal.com takes it, or change the booking in Cal.com by hand',
  },
  NOT_IN_CALCOM: {
    because: 'Cal.com no longer knows the booking, so the change could not be carried out there',
    remedy: 'tell the guests by hand; close the booking here with CloseBooking if it was deleted in Cal.com',
  },
} as const satisfies { readonly [code: string]: Refusal }

export type RefusalCode = keyof typeof catalogue

export const refusals: { readonly [Code in RefusalCode]: Refusal } = catalogue

/** False for a code that a consumer, or another version, has made up. */
export const isRefusal = (code: string | undefined): code is RefusalCode =>
  code !== undefined && Object.hasOwn(catalogue, code)
