import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { z } from 'zod'

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
  read_only: z.boolean().default(false),
  healthcheck: z
    .object({ test: z.array(z.string()).min(2), interval: z.string(), timeout: z.string(), retries: z.int() })
    .loose(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
const Compose = z.looseObject({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
  networks: z.record(z.string(), z.unknown()).default({}),
})
type Compose = z.infer<typeof Compose>

const files = ['docker-compose.yml', 'compose.small.yml']
const read = (file: string): Compose =>
  Compose.parse(parse(readFileSync(join(root, file), 'utf8'), { merge: true }))

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
    for (const [name, { depends_on: needed, healthcheck }] of all) {
      assert.ok(['CMD', 'CMD-SHELL'].includes(healthcheck.test[0] ?? ''), name)
      for (const [other, { condition }] of Object.entries(needed)) {
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
    const text = readFileSync(join(root, file), 'utf8')
    assert.not.match(text, /:\/\/[^/\s:]+:[^/\s@]+@/, 'no address has a password in it')
  })

  test(`${file}: volumes and networks are declared, and files brought in are there`, () => {
    for (const [name, { volumes: mounts, networks: joined }] of all) {
      for (const mount of mounts) {
        const [source = ''] = mount.split(':')
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

  test(`${file}: the service runs on a read-only root with its data on a volume`, () => {
    const service = services['calendar-sync']
    assert.is(service?.read_only, true)
    assert.ok(service?.volumes.some((mount) => mount.endsWith(`:${service.environment.DATA_DIR}`)))
  })
}

test('the proxy lets in webhooks and the connect page, and nothing else', () => {
  const text = readFileSync(join(root, 'deploy/Caddyfile'), 'utf8')
  const paths = [...text.matchAll(/\/[a-z]+\/[a-z*]+/g)].map(([path]) => path)
  assert.equal([...new Set(paths)].toSorted(), ['/connect/*', '/webhooks/calcom', '/webhooks/google'])
  assert.match(text, /handle \{\s+respond 404\s+\}\s+\}\s*$/)
})

test('the image holds what the service needs and no more', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm))
    assert.match(image ?? '', /^node:26\.\d+\.\d+-slim$/)
  assert.match(dockerfile, /^USER node$/m)
  assert.match(dockerfile, /^STOPSIGNAL SIGTERM$/m)
  assert.match(dockerfile, /^CMD \["node", "bin\/calendar-sync\.cjs", "start"\]$/m)
  const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  )
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  assert.ok(ignore.includes('*'), 'all is left out that is not named')
  for (const name of copied) {
    assert.ok(existsSync(join(root, name)), name)
    assert.ok(ignore.includes(`!${name}`), name)
  }
  for (const secret of ['data', '.env', 'node_modules', '.git']) assert.not.ok(ignore.includes(`!${secret}`))
})

test.run()
