// Runs stories about what people see: what a host does in the calendar, what is published, what an operator is told.
import type { Test } from 'uvu'
import { defined } from '../../domain/optional-fields.ts'
import type { ServicePorts } from '../../services/running/service-ports.ts'
import { HOUR, MINUTE, type Pace, SECOND, type Story, storyWords, type Way } from './story-words.ts'
import { syncFixture } from './sync-fixture.ts'
import type { SyncWorldOptions } from './sync-world.ts'

/** Ways in which the same story is told; it must end alike in each. */
const ways = {
  'in the incremental list': {},
  'after a full sync': { full: true },
  "without Cal.com's API": { view: false },
  'with a restart in between': { restart: true },
  'after it was moved once': { movedBefore: true },
} satisfies Record<string, Way>
export type WayName = keyof typeof ways

/** For stories of days: crons far apart, and what is due is done all the same. */
export const LONG: SyncWorldOptions = {
  settings: { cronMs: 20 * MINUTE, reconcileMs: 6 * HOUR },
  bookingReconcileMs: 24 * HOUR,
}

/** Runs a story in a world of its own, which is closed whatever comes of it. */
export const inStory =
  (options: SyncWorldOptions, tell: (story: Story) => Promise<void>, way: Way = {}): (() => Promise<void>) =>
  async () => {
    const view = way.view ?? options.view
    const pace: Pace = { everyMs: SECOND }
    const wrap = (ports: ServicePorts) => atPace(options.wrap?.(ports) ?? ports, pace)
    const sync = await syncFixture({ ...options, wrap, ...defined({ view }) })
    const words = await storyWords(sync, way, pace)
    try {
      await tell({ ...sync, ...words })
    } finally {
      await words.close()
      await sync.close()
    }
  }

/** The same ports, with what looks for work each second doing so as often as `pace` says. */
export function atPace(ports: ServicePorts, pace: Pace): ServicePorts {
  const { clock } = ports
  const delay: typeof clock.delay = (ms, signal) => clock.delay(ms === SECOND ? pace.everyMs : ms, signal)
  return { ...ports, clock: { now: () => clock.now(), delay } }
}

/** The story in each of the ways that are named. */
export function everyWay(
  test: Test,
  names: readonly WayName[],
  sentence: string,
  options: SyncWorldOptions,
  tell: (story: Story) => Promise<void>,
): void {
  for (const name of names) test(`${sentence}, ${name}`, inStory(options, tell, ways[name]))
}
export const ALL_WAYS: readonly WayName[] = [
  'in the incremental list',
  'after a full sync',
  "without Cal.com's API",
  'with a restart in between',
  'after it was moved once',
]
export const BOTH_LISTS: readonly WayName[] = ['in the incremental list', 'after a full sync']
