import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { StatusReport } from '../../services/status/status-report.ts'
import { withDeadline } from '../support/deadline.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { kafkaForTests } from '../support/kafka.ts'
import { type Deployment, deployment, WORKER } from '../support/many-processes.ts'
import { mongodbForTests } from '../support/mongodb.ts'
import type { ServiceProcess } from '../support/service-process.ts'

// kafkajs sets one negative timer at its start.
process.removeAllListeners('warning')

const kafka = await kafkaForTests()
const mongodb = await mongodbForTests()

const apart = suite('roles in processes of their own')
if (!kafka || !mongodb)
  console.log(
    'SKIP set KAFKA_BROKERS and MONGODB_URL, or start Docker, to run roles in processes of their own',
  )
const test = kafka && mongodb ? apart : apart.skip

async function withDeployment(play: (world: Deployment) => Promise<void>): Promise<void> {
  const world = await deployment({ mongodbUrl: mongodb?.url ?? '', brokers: kafka?.brokers.join() ?? '' })
  try {
    await withDeadline(55_000, () => play(world))
  } finally {
    await world.close()
  }
}

const headers = ({ token }: ServiceProcess) => ({
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
})

async function statusOf(process: ServiceProcess): Promise<StatusReport | undefined> {
  const answer = await fetch(`${process.url}/status`, { headers: headers(process) })
  return answer.ok ? StatusReport.parse(await answer.json()) : undefined
}

async function command(process: ServiceProcess, name: string, body: unknown): Promise<number> {
  const { status } = await fetch(`${process.url}/commands/${name}`, {
    method: 'POST',
    headers: headers(process),
    body: JSON.stringify(body),
  })
  return status
}

/** What the status of this process comes to, once it is so. */
const shows = (
  { world }: Deployment,
  process: ServiceProcess,
  what: string,
  is: (status: StatusReport) => boolean,
): Promise<StatusReport> =>
  world.until(what, async (complain) => {
    const status = await statusOf(process)
    complain(JSON.stringify(status))
    return status && is(status) ? status : undefined
  })

const told = (status: StatusReport) => ({
  projections: status.projections.map(({ name, state, parked }) => ({ name, state, parked })),
  published: status.stages.find(({ stage }) => stage === 'decided→published'),
  outages: status.outages,
  needsPerson: status.needsPerson,
})

/** What two processes tell alike, once it is so: what one tells of another is two seconds old. */
const bothShow = (
  { world }: Deployment,
  [one, other]: [ServiceProcess, ServiceProcess],
  what: string,
  is: (status: StatusReport) => boolean,
): Promise<StatusReport> =>
  world.until(what, async (complain) => {
    const [here, there] = [await statusOf(one), await statusOf(other)]
    const [first, second] = [here, there].map((status) => JSON.stringify(status && told(status)))
    complain(`${first} and ${second}`)
    return here && first === second && is(here) ? here : undefined
  })

const isWell = ({ outages, projections }: StatusReport) =>
  outages.length === 0 && projections.length > 0 && projections.every(({ state }) => state === 'LIVE')

async function appendUnknown(events: EventStore): Promise<void> {
  const id = randomUUID()
  await events.append('calendarFeed-poison', 'no-stream', [
    {
      id,
      type: 'OfANewerVersion',
      data: {},
      metadata: { correlationId: id, causationId: id, actor: 'test' },
    },
  ])
}

test('a process that serves HTTP only tells the same as the one that works, and has its parked events skipped', () =>
  withDeployment(async (world) => {
    const edge = await world.start('http')
    const alone = await shows(world, edge, 'Nobody to tell', ({ status }) => status === 'DEGRADED')
    assert.equal(told(alone).published, { stage: 'decided→published', backlog: null, oldestAgeMs: null })
    assert.is(alone.outages.length, 2)

    const worker = await world.start(WORKER)
    const well = await bothShow(world, [edge, worker], 'All well', isWell)
    assert.equal(told(well).published, { stage: 'decided→published', backlog: 0, oldestAgeMs: null })

    const events = openEventStoreDb(world.eventStoreUrl)
    await appendUnknown(events).finally(() => events.close())
    const parks = (status: StatusReport) => status.needsPerson.some(({ code }) => code === 'EVENT_PARKED')
    const parkedIn = ({ projections }: StatusReport) => projections.filter(({ parked }) => parked > 0)
    const status = await bothShow(
      world,
      [edge, worker],
      'The parked event',
      (status) => parks(status) && parkedIn(status).length > 0,
    )
    for (const { name, position } of parkedIn(status).map(({ name }) => ({
      name,
      position: /"position": "(\d+)"/.exec(status.needsPerson[0]?.next ?? '')?.[1] ?? '',
    }))) {
      assert.is(await command(edge, 'RetryParked', { projection: name, position }), 200)
      assert.is(await command(edge, 'SkipParked', { projection: name, position }), 200)
      assert.is(await command(edge, 'SkipParked', { projection: name, position: '1' }), 404)
    }
    await shows(
      world,
      edge,
      'Nothing parked any longer',
      (status) => !parks(status) && parkedIn(status).length === 0,
    )
  }))

test('a process that stood still for longer than its leases gives up what others have taken over', () =>
  withDeployment(async (world) => {
    const edge = await world.start('http')
    const first = await world.start(WORKER)
    await shows(world, edge, 'The first at work', isWell)
    process.kill(first.pid, 'SIGSTOP')
    const second = await world.start(WORKER)
    const has = (one: ServiceProcess, role: string, what: string) =>
      lastWord(one, role)?.includes(what) === true
    await world.world.until('The second at work', async (complain) => {
      complain(second.output().slice(-2_000))
      return ['projections', 'publisher'].every((role) => has(second, role, 'taken by this process'))
        ? true
        : undefined
    })
    process.kill(first.pid, 'SIGCONT')
    await world.world.until('The first to give up', async (complain) => {
      complain(first.output().slice(-2_000))
      return ['projections', 'publisher'].every((role) => has(first, role, 'given up')) ? true : undefined
    })
    for (const role of ['projections', 'publisher']) assert.ok(has(second, role, 'taken by this process'))
    await shows(world, edge, 'The second at work, as the edge sees it', isWell)
  }))

/** What the process said last of a role. */
const lastWord = (one: ServiceProcess, role: string): string | undefined =>
  one
    .output()
    .split('\n')
    .findLast((line) => line.includes('by this process') && line.includes(`"${role}"`))

apart.after(async () => {
  await kafka?.stop()
})
apart.run()
