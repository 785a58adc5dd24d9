// What hosts and operators ask for: calendar syncs, selected calendars, policies.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  calendarSyncAggregate,
  selectedCalendarAggregate,
  syncPolicyAggregate,
} from '../../../commands/aggregates.ts'
import { effectiveMode, type SyncPolicy, setSyncPolicy } from '../../../domain/calendar/policy.ts'
import {
  registerSelectedCalendar,
  removeSelectedCalendar,
  type SelectedCalendar,
} from '../../../domain/calendar/selected.ts'
import {
  type CalendarSync,
  pauseCalendarSync,
  registerCalendarSync,
  removeCalendarSync,
  resumeCalendarSync,
  useCalendarSync,
} from '../../../domain/calendar/sync.ts'
import type { SyncMode } from '../../../domain/sync-mode.ts'
import { given } from '../../support/given.ts'

const test = suite('requests')

const at = '2026-11-23T08:00:00Z'
const registers =
  (more: { credentialId?: string; organizationId?: string } = {}) =>
  (state: CalendarSync) =>
    registerCalendarSync(state, {
      calendarSyncId: 's1',
      userId: 'u1',
      provider: 'google',
      calendarKey: 'key1',
      at,
      ...more,
    })
const pauses = (state: CalendarSync) => pauseCalendarSync(state, at)
const resumes = (state: CalendarSync) => resumeCalendarSync(state, at)
const removes = (state: CalendarSync) => removeCalendarSync(state, at)
const uses = (time: string) => (state: CalendarSync) => useCalendarSync(state, Temporal.Instant.from(time))
const sync = () => given(calendarSyncAggregate).when(registers({ credentialId: 'c1' }))

test('a sync is registered once', () => {
  sync()
    .gives('CalendarSyncRegistered')
    .when(registers({ credentialId: 'c1' }))
    .gives()
  sync().when(registers()).gives()
})

test('one that waits for a credential gets it, and another later', () => {
  given(calendarSyncAggregate)
    .when(registers())
    .when(registers({ credentialId: 'c1' }))
    .gives('CalendarSyncRegistered')
  sync()
    .when(registers({ credentialId: 'c2', organizationId: 'o1' }))
    .gives('CalendarSyncRegistered')
    .saying({ credentialId: 'c2', organizationId: 'o1' })
    .when(registers())
    .gives()
})

test('what a host paused stays paused when a new credential arrives', () => {
  const again = sync()
    .when(pauses)
    .when(registers({ credentialId: 'c2' }))
    .gives('CalendarSyncRegistered')
  assert.is(again.state.kind === 'REGISTERED' && again.state.status, 'PAUSED')
  again.when(resumes).gives('CalendarSyncResumed')
})

test('paused, resumed and removed once', () => {
  sync().when(pauses).gives('CalendarSyncPaused').when(pauses).gives()
  sync().when(resumes).gives()
  sync().when(removes).gives('CalendarSyncRemoved').when(removes).gives()
  for (const decide of [pauses, resumes, removes])
    given(calendarSyncAggregate).when(decide).by('CALENDAR_SYNC_NOT_REGISTERED')
  sync().when(removes).when(pauses).by('CALENDAR_SYNC_NOT_REGISTERED')
})

test('registered again after it was removed, it begins anew', () => {
  const anew = sync().when(pauses).when(removes).when(registers()).gives('CalendarSyncRegistered')
  assert.is(anew.state.kind === 'REGISTERED' && anew.state.status, 'ACTIVE')
})

test('use is noted once a UTC day, also across a new registration', () => {
  const used = sync().when(uses('2026-11-23T00:00:00Z')).gives('CalendarSyncUsed')
  used.when(uses('2026-11-23T23:59:59.999Z')).gives()
  used
    .when(registers({ credentialId: 'c2' }))
    .when(uses('2026-11-23T12:00:00Z'))
    .gives()
  used.when(uses('2026-11-24T00:00:00Z')).gives('CalendarSyncUsed')
  given(calendarSyncAggregate).when(uses(at)).gives()
})

test('a selected calendar is registered and removed once', () => {
  const selects = (credentialId: string) => (state: SelectedCalendar) =>
    registerSelectedCalendar(state, {
      selectedCalendarId: 'sc1',
      userId: 'u1',
      provider: 'google',
      calendarKey: 'key1',
      credentialId,
      at,
    })
  const drops = (state: SelectedCalendar) => removeSelectedCalendar(state, at)
  const selected = given(selectedCalendarAggregate).when(selects('c1')).gives('SelectedCalendarRegistered')
  selected.when(selects('c1')).gives()
  selected.when(selects('c2')).gives('SelectedCalendarRegistered')
  selected.when(drops).gives('SelectedCalendarRemoved').when(drops).gives()
  selected.when(drops).when(selects('c1')).gives('SelectedCalendarRegistered')
  given(selectedCalendarAggregate).when(drops).by('SELECTED_CALENDAR_NOT_REGISTERED')
})

test('a policy is set once', () => {
  const sets = (mode: SyncMode | undefined) => (state: SyncPolicy) =>
    setSyncPolicy(state, { scope: { kind: 'user', id: 'u1' }, mode, at })
  const off = given(syncPolicyAggregate)
    .when(sets('off'))
    .gives('SyncPolicySet')
    .saying({ scope: 'user', scopeId: 'u1', mode: 'off' })
  off.when(sets('off')).gives()
  off.when(sets('apply')).gives('SyncPolicySet')
  off.when(sets(undefined)).gives('SyncPolicyLifted').when(sets(undefined)).gives()
  given(syncPolicyAggregate)
    .when((state) => setSyncPolicy(state, { scope: { kind: 'everything' }, mode: 'off', at }))
    .saying({ scope: 'everything', scopeId: undefined })
})

test('the narrowest scope decides, but off for everything stops all', () => {
  const all = {
    everything: 'apply',
    organization: 'observe',
    user: 'off',
    calendarSync: 'apply',
    fallback: 'apply',
  } as const
  assert.is(effectiveMode({ fallback: 'observe' }), 'observe')
  assert.is(effectiveMode({ fallback: 'observe', everything: 'apply' }), 'apply')
  assert.is(effectiveMode({ fallback: 'apply', everything: 'apply', organization: 'observe' }), 'observe')
  assert.is(effectiveMode({ fallback: 'apply', organization: 'observe', user: 'off' }), 'off')
  assert.is(effectiveMode(all), 'apply')
  assert.is(effectiveMode({ ...all, everything: 'off' }), 'off')
})

test.run()
