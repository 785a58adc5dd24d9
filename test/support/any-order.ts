// What may happen to one booking, generated: people who act in the calendar and in Cal.com, requests that are refused, and
// how the surroundings are. Shrinks to fewer steps, shorter pauses, and plainer surroundings.
import fc from 'fast-check'

/** How a webhook travels: the next act's own sets it anew, and nothing is on its way any more at the end. */
export type Webhook = 'at once' | 'late' | 'twice' | 'lost' | 'held'

type Act =
  | { who: 'the host'; does: 'moves it' | 'moves it back' | 'stretches it'; hours: number }
  | {
      who: 'the host'
      does:
        | 'deletes it'
        | 'restores it'
        | 'declines'
        | 'accepts'
        | 'changes the title'
        | 'makes it all-day'
        | 'puts it into the other calendar'
    }
  | { who: 'the guest'; does: 'declines' | 'accepts' }
  | {
      who: 'Cal.com'
      does:
        | 'cancels'
        | 'asks for another time'
        | 'changes the place'
        | 'confirms'
        | 'rejects'
        | 'gives it to another host'
        | 'takes one guest out'
      webhook: Webhook
    }
  | { who: 'Cal.com'; does: 'reschedules'; hours: number; webhook: Webhook }
  | { who: 'the consumer'; does: 'carries out what was published' }
  | { who: 'the service'; does: 'starts again' }
  | { who: 'Google'; does: 'refuses'; what: 'event' | 'list' | 'all'; how: Refusal; times: number }
  | {
      who: 'Cal.com'
      does: 'refuses'
      what: 'ALL' | 'BOOKING' | 'REFERENCES'
      how: ApiRefusal
      times: number
    }

type Refusal = 403 | 404 | 410 | 429 | 500 | 503 | 'no answer' | 'a web page'
type ApiRefusal = 400 | 401 | 403 | 404 | 410 | 429 | 500 | 503 | 'HTML' | 'TRUNCATED' | 'no answer'

/** `pauseMs`: how long nothing else happens before it. */
export type Step = Act & { pauseMs: number }

export type Surroundings = {
  api: boolean
  push: boolean
  kind: 'plain' | 'to be confirmed' | 'with seats'
  /** How long Google and Cal.com's API take to answer. */
  googleMs: number
  apiMs: number
  /** How wide Cal.com's races are. */
  beforeEventMs: number
  beforeReferencesMs: number
  beforeCancelStoredMs: number
  /** Whether Cal.com's consumer reports what became of an event. */
  reports: boolean
  /** Webhooks that were held arrive newest first. */
  reversed: boolean
}

export type Story = { surroundings: Surroundings; steps: readonly Step[] }

const pauseMs = fc.constantFrom(0, 100, 300, 1_000, 2_500, 6_000, 20_000, 90_000, 200_000, 1_000_000)
const hours = fc.nat(3)
const webhook = (api: boolean) =>
  fc.constantFrom<Webhook>('at once', 'late', 'twice', 'held', ...(api ? (['lost'] as const) : []))

const edits = (api: boolean): fc.Arbitrary<Act> =>
  fc.oneof(
    fc.record({
      who: fc.constant('the host' as const),
      does: fc.constantFrom('moves it' as const, 'moves it back' as const, 'stretches it' as const),
      hours,
    }),
    fc.record({
      who: fc.constant('the host' as const),
      does: fc.constantFrom(
        'deletes it' as const,
        'restores it' as const,
        'declines' as const,
        'accepts' as const,
        'changes the title' as const,
        'makes it all-day' as const,
        // Cal.com's next edit may write a second event under its id into the old calendar. Only its API tells of that.
        ...(api ? (['puts it into the other calendar'] as const) : []),
      ),
    }),
    fc.record({
      who: fc.constant('the guest' as const),
      does: fc.constantFrom('declines' as const, 'accepts' as const),
    }),
  )

const changes = (api: boolean): fc.Arbitrary<Act> =>
  fc.oneof(
    fc.record({
      who: fc.constant('Cal.com' as const),
      does: fc.constant('reschedules' as const),
      hours,
      webhook: webhook(api),
    }),
    fc.record({
      who: fc.constant('Cal.com' as const),
      does: fc.constantFrom(
        'changes the place' as const,
        'cancels' as const,
        'asks for another time' as const,
        'confirms' as const,
        'rejects' as const,
        'takes one guest out' as const,
        // Without the API it looks like a deletion, and is carried out as one (docs/rules.md).
        ...(api ? (['gives it to another host'] as const) : []),
      ),
      webhook: webhook(api),
    }),
  )

const times = fc.constantFrom(1, 2, 5, 20)
const refusals = (api: boolean): fc.Arbitrary<Act> => {
  const ofGoogle = fc.record({
    who: fc.constant('Google' as const),
    does: fc.constant('refuses' as const),
    what: fc.constantFrom('event' as const, 'list' as const, 'all' as const),
    how: fc.constantFrom<Refusal>(503, 500, 429, 404, 403, 410, 'no answer', 'a web page'),
    times,
  })
  const ofCalcom = fc.record({
    who: fc.constant('Cal.com' as const),
    does: fc.constant('refuses' as const),
    what: fc.constantFrom('BOOKING' as const, 'REFERENCES' as const, 'ALL' as const),
    how: fc.constantFrom<ApiRefusal>(
      503,
      500,
      429,
      410,
      404,
      403,
      401,
      400,
      'HTML',
      'TRUNCATED',
      'no answer',
    ),
    times,
  })
  return api ? fc.oneof(ofGoogle, ofCalcom) : ofGoogle
}
const others: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constant<Act>({ who: 'the consumer', does: 'carries out what was published' }),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ who: 'the service', does: 'starts again' }) },
)

/** Edits in the calendar, changes in Cal.com, a refusal, and what goes on beside them: a few of each or none, in any order. */
export function stories(given: Pick<Surroundings, 'api' | 'push'>): fc.Arbitrary<Story> {
  const { api } = given
  const surroundings = fc.record<Surroundings>({
    api: fc.constant(given.api),
    push: fc.constant(given.push),
    kind: fc.constantFrom('plain', 'plain', 'to be confirmed', 'with seats'),
    googleMs: fc.constantFrom(0, 0, 400),
    apiMs: api ? fc.constantFrom(0, 0, 700) : fc.constant(0),
    beforeEventMs: fc.constantFrom(0, 0, 3_000),
    beforeReferencesMs: fc.constantFrom(250, 250, 5_000),
    beforeCancelStoredMs: fc.constantFrom(250, 250, 5_000),
    reports: fc.constantFrom(true, false),
    reversed: fc.boolean(),
  })
  const some = (acts: fc.Arbitrary<Act>, most: number) =>
    fc.array(fc.record({ act: acts, pauseMs, place: fc.nat(20) }), { maxLength: most })
  return fc
    .tuple(surroundings, some(edits(api), 3), some(changes(api), 3), some(refusals(api), 1), some(others, 2))
    .map(([surroundings, ...acts]) => ({
      surroundings,
      steps: acts
        .flat()
        .toSorted((a, b) => a.place - b.place)
        .map(({ act, pauseMs }): Step => ({ ...act, pauseMs })),
    }))
}

/** As a person reads it: who does what, and where it matters how. */
export function sentenceOf({ pauseMs, who, does, ...how }: Step): string {
  const details = Object.values(how).map((value) => (typeof value === 'number' ? `${value}` : value))
  return `${who} ${does}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}
