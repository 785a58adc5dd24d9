import { z } from 'zod'

/** Seen as `…Z`, `….000Z` and `…+00:00`; a time without a zone is refused, for nobody could say when it is. */
export const InstantText = z.string().transform((text, context) => {
  try {
    return Temporal.Instant.from(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'Expected a time with its offset from UTC' })
    return z.NEVER
  }
})
