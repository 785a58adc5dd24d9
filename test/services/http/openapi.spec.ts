import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { allCommands } from '../../../commands/all-commands.ts'
import {
  BookingItem,
  BookingPage,
  CalendarSyncPage,
  SubscriptionPage,
  Timeline,
} from '../../../services/http/answers.ts'
import { CommandAnswer } from '../../../services/http/command-routes.ts'
import { Liveness, Readiness } from '../../../services/http/health-routes.ts'
import { openApiDocument } from '../../../services/http/openapi.ts'
import { ProblemDocument } from '../../../services/http/problem.ts'
import { StatusReport } from '../../../services/status/status-report.ts'
import { withHttp } from '../../support/http-fixture.ts'

const test = suite('OpenAPI')
const methods = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options'])
const Node = z.record(z.string(), z.unknown())
type Node = z.infer<typeof Node>
const Operation = z.looseObject({
  operationId: z.string().min(1),
  summary: z.string().min(1),
  tags: z.array(z.string()).min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z
    .array(
      z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Node }),
    )
    .default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: Node })) }).optional(),
  responses: z.record(z.string(), Node),
})
const Document = z.looseObject({
  openapi: z.string().regex(/^3\.1\./),
  info: z.looseObject({ title: z.string().min(1), version: z.string().min(1) }),
  tags: z.array(z.looseObject({ name: z.string() })),
  paths: z.record(z.string().startsWith('/'), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), Node), securitySchemes: Node }),
})
// As a client gets it: plain JSON.
const served: unknown = JSON.parse(JSON.stringify(openApiDocument({})))
const document = Document.parse(served)

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

function* nodes(node: unknown): Generator<Node> {
  if (!isNode(node)) return
  yield node
  for (const child of Object.values(node)) yield* nodes(child)
}

const bodyOf = (path: string): Node | undefined =>
  document.paths[path]?.post?.requestBody?.content['application/json']?.schema

test('is an OpenAPI 3.1 document of which every reference leads somewhere', () => {
  for (const node of nodes(served)) {
    if (!('$ref' in node)) continue
    const pointer = String(node.$ref)
    assert.match(pointer, /^#\/components\//)
    const target = pointer
      .slice(2)
      .split('/')
      .reduce<unknown>((found, part) => (isNode(found) ? found[part] : undefined), served)
    assert.ok(target, `${pointer} leads nowhere`)
  }
})

test('describes each operation once: a name, a summary, a tag, its answers, its security, its path parameters', () => {
  const tags = new Set(document.tags.map(({ name }) => name))
  assert.is(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length)
  for (const { path, method, operation } of operations) {
    const where = `${method} ${path}`
    assert.ok(methods.has(method), where)
    assert.ok(
      operation.tags.every((tag) => tags.has(tag)),
      where,
    )
    for (const requirement of operation.security)
      for (const scheme of Object.keys(requirement))
        assert.ok(scheme in document.components.securitySchemes, where)
    for (const [status, response] of Object.entries(operation.responses)) {
      assert.match(status, /^[2345]\d\d$/, where)
      assert.ok('$ref' in response || typeof response.description === 'string', where)
    }
    assert.ok(
      Object.keys(operation.responses).some((status) => status.startsWith('2')),
      where,
    )
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
    assert.equal(
      inPath.map(({ name }) => name).toSorted(),
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted(),
      where,
    )
    assert.ok(
      inPath.every(({ required }) => required === true),
      where,
    )
    if (method === 'get') assert.is(operation.requestBody, undefined, where)
  }
})

test('holds each schema once, of known types, with required fields that exist', () => {
  const types = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])
  const texts = new Map<string, string>()
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    const text = JSON.stringify(schema)
    assert.is(texts.get(text), undefined, `${name} says the same as ${texts.get(text)}`)
    texts.set(text, name)
    for (const node of nodes(schema)) {
      if (typeof node.type === 'string') assert.ok(types.has(node.type), `${name}: ${node.type}`)
      if (Array.isArray(node.required) && typeof node.properties === 'object' && node.properties !== null)
        for (const field of node.required) assert.ok(String(field) in node.properties, `${name}: ${field}`)
    }
  }
})

test('describes the body of every command as its own schema checks it', () => {
  for (const { name } of allCommands) {
    const schema = bodyOf(`/commands/${name}`)
    assert.is(schema?.type, 'object', name)
    assert.ok(Object.keys(Node.parse(schema?.properties)).length > 0, name)
  }
  const track = bodyOf('/commands/TrackBooking')
  assert.is(Node.parse(Node.parse(track?.properties).start).format, 'date-time')
  assert.equal(track?.required, ['bookingUid', 'userId', 'start', 'end'])
})

test('shows the parameters of lists as what they are', () => {
  const parameters = document.paths['/bookings']?.get?.parameters ?? []
  assert.equal(
    parameters.map(({ in: where, name }) => `${where} ${name}`),
    ['query userId', 'query from', 'query to', 'query after', 'query limit', 'header X-Consistency-Position'],
  )
  const limit = parameters.find(({ name }) => name === 'limit')
  assert.is(limit?.schema.type, 'integer')
  assert.is(limit?.schema.maximum, 1000)
  assert.is(limit?.required ?? false, false)
})

test(
  'is served, describes what is there, and says rightly what needs a token',
  withHttp(async ({ ask }) => {
    assert.equal((await ask('GET', '/openapi.json')).body, served)
    const elsewhere = ['/webhooks/google', '/webhooks/calcom', '/booking-events', '/asyncapi.json']
    for (const { path, method, operation } of operations) {
      if (elsewhere.includes(path) || path.startsWith('/schemas/')) continue
      const asked = await ask(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), { token: null })
      const isGuarded = operation.security.length > 0
      if (isGuarded) assert.is(asked.status, 401, `${method} ${path}`)
      else assert.not.ok([401, 404, 405].includes(asked.status), `${method} ${path}: ${asked.text}`)
    }
  }),
)

test(
  'describes the real answers, of which no field is left out of the schemas',
  withHttp(async (http) => {
    const { ask, command, clock, ports } = http
    const fits = (schema: z.ZodType, body: unknown) => assert.equal(schema.parse(body), body)
    const calendar = { provider: 'google', externalCalendarId: 'host@example.com' }
    fits(CommandAnswer, (await command('RegisterCalendarSync', { userId: 'u1', ...calendar })).body)
    await command('RequestSubscription', calendar)
    await command('TrackBooking', {
      bookingUid: 'b1',
      userId: 'u1',
      start: '2026-03-05T10:00:00Z',
      end: '2026-03-05T10:30:00Z',
      references: [{ ...calendar, externalEventId: 'e1' }],
    })
    await clock.advance(60_000)
    const now = clock.now().toString()
    const moved = await command('ApplyExternalEventChange', {
      ...calendar,
      observedAt: now,
      change: {
        id: 'e1',
        status: 'confirmed',
        updated: now,
        start: '2026-03-05T14:00:00Z',
        end: '2026-03-05T15:00:00Z',
      },
    })
    fits(CommandAnswer, moved.body)
    const { entries } = (await ask('GET', '/bookings/b1/timeline')).body
    await command('ReportBookingEventOutcome', {
      eventId: entries.at(-1).id,
      outcome: 'REFUSED',
      code: 'BUSY',
    })
    await ports.caughtUp('all')

    const described: [string, z.ZodType][] = [
      ['/calendar-syncs', CalendarSyncPage],
      ['/subscriptions', SubscriptionPage],
      ['/bookings', BookingPage],
      ['/bookings/b1', BookingItem],
      ['/bookings/b1/timeline', Timeline],
      ['/status', StatusReport],
      ['/health/live', Liveness],
      ['/health/ready', Readiness],
      ['/bookings/none', ProblemDocument],
      ['/bookings?limit=0', ProblemDocument],
    ]
    for (const [path, schema] of described) fits(schema, (await ask('GET', path)).body)
    const { items } = (await ask('GET', '/bookings')).body
    assert.is(items[0].lastOutcome.code, 'BUSY')
    assert.is(items[0].attention, 'DIVERGED')
    assert.is(items[0].lastDecision.code, 'RESCHEDULED')
  }),
)

test.run()
