import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { z } from 'zod'
import { readConfiguration } from '../../infrastructure/config/configuration.ts'
import { variables } from '../../infrastructure/config/variables.ts'

const test = suite('the compose files')
const root = join(import.meta.dirname, '../..')

const Service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  restart: z.string(),
  logging: z.object({
    driver: z.string(),
    options: z.object({ 'max-size': z.string(), 'max-file': z.string() }),
  }),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  mem_limit: z.string(),
  stop_grace_period: z.string().optional(),
  read_only: z.boolean().default(false),
  healthcheck: z.looseObject({
    test: z.array(z.string()).min(2),
    interval: z.string(),
    timeout: z.string(),
    retries: z.int(),
  }),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
const Compose = z.looseObject({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
  networks: z.record(z.string(), z.unknown()).default({}),
})
type Compose = z.infer<typeof Compose>

const files = ['docker-compose.yml', 'compose.small.yml']
const text = (file: string): string => readFileSync(join(root, file), 'utf8')
const read = (file: string): Compose => Compose.parse(parse(text(file), { merge: true }))

/** What only the compose files read. */
const composeOnly = ['COMPOSE_FILE', 'SYNC_DOMAIN', 'CALCOM_NETWORK', 'PUBLISHED_PORT']

/** As compose fills a value in: `${X}`, `${X:-default}`, `${X:?message}`. */
const filledIn = (value: string, given: { [name: string]: string }): string =>
  value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => {
    const found = given[name]
    if (found !== undefined) return found
    if (kind === '?') throw new Error(`${name}: ${rest}`)
    return rest ?? ''
  })

/** What a container of the service would read, with `given` as .env. */
const environmentOf = (file: string, given: { [name: string]: string }) => {
  const own = read(file).services['calendar-sync']?.environment ?? {}
  return {
    ...given,
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, filledIn(value, given)])),
  }
}

/** The least that docs/deployment.md asks for. */
const needed = {
  ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  API_TOKEN: 'a'.repeat(64),
  CALCOM_WEBHOOK_SECRET: 'b'.repeat(64),
  CALCOM_API_URL: 'http://calcom-api',
  CALCOM_API_KEY: 'cal_key',
  SYNC_DOMAIN: 'sync.example.com',
  CALCOM_NETWORK: 'stack',
}
const google = { GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'secret' }

for (const file of files) {
  const { services, volumes, networks } = read(file)
  const all = Object.entries(services)

  test(`${file}: every image is pinned to a version, and everything restarts, is bounded and rotates its log`, () => {
    for (const [name, { image, restart, logging }] of all) {
      assert.match(image, /^[a-z0-9/-]+:\d+\.\d+\.\d+(-[a-z0-9.]+)?$/, name)
      assert.is(restart, 'unless-stopped', name)
      assert.ok(logging.options['max-size'] && logging.options['max-file'], name)
    }
  })

  test(`${file}: everything has a health check, and whatever is depended on has to be healthy`, () => {
    for (const [name, { depends_on: others, healthcheck }] of all) {
      assert.ok(['CMD', 'CMD-SHELL'].includes(healthcheck.test[0] ?? ''), name)
      for (const [other, { condition }] of Object.entries(others)) {
        assert.ok(other in services, `${name} needs ${other}`)
        assert.is(condition, 'service_healthy', `${name} needs ${other}`)
      }
    }
  })

  test(`${file}: what is secret comes from outside and has to be given`, () => {
    for (const [name, { environment }] of all)
      for (const [variable, value] of Object.entries(environment))
        if (/KEY|SECRET|TOKEN|PASSWORD/.test(variable))
          assert.match(value, /^\$\{[A-Z_]+:\?.+\}$/, `${name} ${variable}`)
    assert.not.match(text(file), /:\/\/[^/\s:]+:[^/\s@]+@/, 'no address has a password in it')
  })

  test(`${file}: each variable is one that the service or compose knows, and .env.example has it`, () => {
    const example = new Set([...text('.env.example').matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name))
    const asked = [...text(file).matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
    for (const name of [...asked, ...Object.keys(services['calendar-sync']?.environment ?? {})]) {
      assert.ok(name in variables || composeOnly.includes(name), `${name} means something`)
      assert.ok(example.has(name), `${name} is in .env.example`)
    }
  })

  test(`${file}: what it asks for is enough for the service to start, and no stand-in is used`, () => {
    const configured = readConfiguration(environmentOf(file, { ...needed, ...google }))
    assert.equal(configured.ok ? [] : configured.problems, [])
    assert.is(configured.ok && configured.configuration.standIns, false)
  })

  test(`${file}: without a Google the service refuses to start`, () => {
    const configured = readConfiguration(environmentOf(file, needed))
    assert.ok(!configured.ok)
    assert.match(JSON.stringify(configured.problems), /GOOGLE_CLIENT_ID/)
  })

  test(`${file}: volumes and networks are declared, and files brought in are there`, () => {
    for (const [name, { volumes: mounts, networks: joined }] of all) {
      for (const mount of mounts) {
        const [source = ''] = mount.split(':')
        // The operator's own files: Docker makes the folder where it is missing.
        if (source === './secrets') continue
        assert.ok(
          source.startsWith('./') ? existsSync(join(root, source)) : source in volumes,
          `${name} ${mount}`,
        )
      }
      for (const network of joined) assert.ok(network in networks, `${name} ${network}`)
    }
    const used = all.flatMap(([, { volumes: mounts }]) => mounts.map((mount) => mount.split(':')[0]))
    for (const volume of Object.keys(volumes)) assert.ok(used.includes(volume), volume)
  })

  test(`${file}: nothing but the proxy listens on another address than loopback`, () => {
    for (const [name, { ports }] of all)
      for (const port of ports) if (name !== 'proxy') assert.match(port, /^127\.0\.0\.1:/, name)
    const proxy = services.proxy?.ports ?? []
    assert.equal(proxy, file === 'compose.small.yml' ? ['80:80', '443:443'] : [])
  })

  test(`${file}: the service runs on a read-only root with its data on a volume, and has time to drain`, () => {
    const service = services['calendar-sync']
    assert.is(service?.read_only, true)
    assert.is(service?.stop_grace_period, '30s')
    assert.ok(service?.volumes.some((mount) => mount.endsWith(`:${service.environment.DATA_DIR}`)))
    for (const mount of service?.volumes ?? [])
      if (mount.startsWith('./')) assert.match(mount, /:ro$/, 'what is the operator’s is only read')
  })
}

test('docker-compose.yml: the addresses of the servers are names of services in it', () => {
  const { services } = read('docker-compose.yml')
  const { EVENTSTORE_URL, MONGODB_URL, KAFKA_BROKERS } = services['calendar-sync']?.environment ?? {}
  for (const [address, port] of [
    [EVENTSTORE_URL, 2113],
    [MONGODB_URL, 27017],
    [`kafka://${KAFKA_BROKERS}`, 9092],
  ] as const) {
    const { hostname, port: used } = new URL(address ?? '')
    assert.ok(hostname in services, hostname)
    assert.is(used, String(port))
  }
  const [, set] = /replicaSet=(\w+)/.exec(MONGODB_URL ?? '') ?? []
  assert.ok(services.mongodb?.healthcheck.test.join(' ').includes(`_id: '${set}'`), 'the same replica set')
  assert.ok(services.mongodb?.healthcheck.test.join(' ').includes("host: 'mongodb:27017'"))
  assert.is(services.kafka?.environment.KAFKA_ADVERTISED_LISTENERS, `PLAINTEXT://${KAFKA_BROKERS}`)
})

test('the proxy lets in webhooks and the connect page, and nothing else', () => {
  const caddyfile = text('deploy/Caddyfile')
  const paths = [...caddyfile.matchAll(/\/[a-z]+\/[a-z*]+/g)].map(([path]) => path)
  assert.equal([...new Set(paths)].toSorted(), ['/connect/*', '/webhooks/calcom', '/webhooks/google'])
  assert.match(caddyfile, /handle \{\s+respond 404\s+\}\s+\}\s*$/)
})

test.run()
