import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { everyWay, inStory, type WayName } from '../support/story.ts'
import { cancelled, MINUTE, moved, type Story } from '../support/story-words.ts'
import type { Host } from '../support/sync-fixture.ts'

const test = suite('access that is lost, and calendars that are gone')
const WAYS: readonly WayName[] = [
  'in the incremental list',
  "without Cal.com's API",
  'with a restart in between',
]
const WIDELY = 'ACCESS_REVOKED_WIDELY'

/** Hosts with an account, and so a credential, each of their own. */
async function hostsOf(story: Story, count: number): Promise<Host[]> {
  const hosts: Host[] = []
  for (let id = 1; id <= count; id++) {
    const host = await story.host(id)
    const refreshToken = `token-${id}`
    await story.ports.vault.put(host.credentialId, { kind: 'oauth', refreshToken })
    hosts.push(host)
  }
  return hosts
}
function revoke(story: Story, hosts: readonly Host[], revoked = true): void {
  const { refreshTokens } = story.google.access.settings
  for (const { userId } of hosts) refreshTokens[`token-${userId}`] = { revoked }
}
const notifyAll = (story: Story, hosts: readonly Host[]) => {
  for (const { calendarId } of hosts) story.google.notify(calendarId)
}
const codesOf = async (story: Story) => (await story.needs()).map(({ code }) => code)

everyWay(
  test,
  WAYS,
  'where many accounts refuse at once it is one thing for the operator, and nothing is cancelled',
  {},
  async (story) => {
    const hosts = await hostsOf(story, 6)
    for (const host of hosts) await story.meet(host)
    const lost = hosts.slice(0, 4)
    await story.change(() => {
      revoke(story, lost)
      notifyAll(story, lost)
    })
    await story.pass(3 * MINUTE)
    const codes = await codesOf(story)
    assert.is(codes.filter((code) => code === WIDELY).length, 1, codes.join())
    assert.equal(await story.feed(), [])
  },
)

everyWay(
  test,
  WAYS,
  'what was done while many accounts refused is carried out once they let again, and it is told no longer',
  {},
  async (story) => {
    const hosts = await hostsOf(story, 5)
    const meetings = []
    for (const host of hosts) meetings.push(await story.meet(host))
    const [first, second] = meetings
    if (!first || !second) throw new Error('two meetings are needed')
    revoke(story, hosts.slice(0, 3))
    await story.change(() => {
      story.drag(first, first.start.add({ hours: 2 }))
      story.google.delete(second.host.calendarId, second.eventId)
      notifyAll(story, hosts)
    })
    await story.pass(5 * MINUTE)
    assert.equal(await story.feed(), [])
    assert.ok((await codesOf(story)).includes(WIDELY))
    revoke(story, hosts, false)
    await story.passHours(3)
    assert.equal(await story.feedInAnyOrder(), [cancelled(second), moved(first, 120)].sort())
    assert.not.ok((await codesOf(story)).includes(WIDELY))
  },
)

test(
  'one account of many that refuses is told by itself',
  inStory({}, async (story) => {
    const hosts = await hostsOf(story, 6)
    const [host] = hosts
    if (host === undefined) throw new Error('no host')
    await story.meet(host)
    revoke(story, [host])
    await story.change(() => story.google.notify(host.calendarId))
    await story.pass(5 * MINUTE)
    assert.not.ok((await codesOf(story)).includes(WIDELY))
    assert.ok((await story.needsOf(host)).length > 0)
    assert.equal(await story.feed(), [])
  }),
)

test(
  'accounts that refuse one after another over hours are no incident',
  inStory({}, async (story) => {
    const hosts = await hostsOf(story, 6)
    for (const host of hosts.slice(0, 3)) {
      revoke(story, [host])
      await story.change(() => story.google.notify(host.calendarId))
      await story.passHours(0.5)
    }
    assert.not.ok((await codesOf(story)).includes(WIDELY))
  }),
)

everyWay(
  test,
  [...WAYS, 'after a full sync'],
  'the meetings of a calendar that is gone are not cancelled, and the operator is told',
  {},
  async (story) => {
    const host = await story.host()
    await story.meet(host)
    await story.meet(host)
    const other = await story.host(2)
    const meeting = await story.meet(other)
    story.google.changeCalendar(host.calendarId, { settings: { gone: true } })
    await story.passHours(1)
    assert.equal(await story.feed(), [])
    assert.ok((await story.needsOf(host)).length > 0)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

test(
  'a calendar that is back as it was is followed as before, and told no longer',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.google.changeCalendar(host.calendarId, { settings: { gone: true } })
    await story.passHours(1)
    story.google.changeCalendar(host.calendarId, { settings: { gone: false } })
    await story.passHours(3)
    assert.equal(await story.feed(), [])
    assert.equal(await story.needsOf(host), [])
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(20 * MINUTE)
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

test(
  'meetings that are missing in a calendar that was gone and is back wait for the operator',
  inStory({}, async (story) => {
    const host = await story.host()
    const meetings = [await story.meet(host), await story.meet(host)]
    story.google.changeCalendar(host.calendarId, { settings: { gone: true } })
    await story.passHours(1)
    story.google.changeCalendar(host.calendarId, { settings: { gone: false } })
    for (const { eventId } of meetings) story.google.delete(host.calendarId, eventId)
    await story.passHours(3)
    assert.equal(await story.feed(), [])
    assert.ok((await story.needsOf(host)).length > 0)
    await story.release(host)
    assert.equal(await story.feedInAnyOrder(), meetings.map((one) => cancelled(one)).sort())
  }),
)

test(
  'a calendar that was made anew under its old name, and is empty, cancels nothing, and it is told',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.google.deleteCalendar(host.calendarId)
    story.google.createCalendar({ id: host.calendarId, timeZone: 'Europe/London' })
    await story.passHours(3)
    assert.equal(await story.feed(), [])
    const needs = await story.needsOf(host)
    assert.ok(needs.length > 0 || (await story.told(meeting)), 'nobody is told')
  }),
)

everyWay(
  test,
  WAYS,
  'a credential that acts for another account, which cannot see the calendar, cancels nothing, and it is told',
  {},
  async (story) => {
    const [host] = await hostsOf(story, 1)
    if (host === undefined) throw new Error('no host')
    await story.meet(host)
    await story.change(() => {
      story.google.access.settings.refreshTokens['token-1'] = { user: 'somebody@else.example' }
      story.google.notify(host.calendarId)
    })
    await story.passHours(1)
    assert.equal(await story.feed(), [])
    assert.ok((await story.needsOf(host)).length > 0)
  },
)

test.run()
