// The layers and rooms of docs/decisions/0002: imports point one way, and only main.ts and composition/ name an adapter.
// Type imports count. test/ and bench/ may import anything, and nothing imports them. examples/ stand alone.

/** What each layer may import besides itself. */
const layers = {
  domain: [],
  ports: ['domain'],
  projections: ['domain', 'ports'],
  commands: ['domain', 'ports', 'projections'],
  services: ['domain', 'ports', 'projections', 'commands', 'infrastructure/(backup|config|logging)'],
  infrastructure: ['domain', 'ports'],
  'stand-ins': ['domain/optional-fields[.]ts', 'ports', 'infrastructure/clock'],
  composition: ['domain', 'ports', 'projections', 'commands', 'services', 'infrastructure', 'stand-ins'],
  cli: [
    'domain',
    'ports',
    'projections',
    'services',
    'infrastructure',
    'stand-ins',
    'composition',
    'main[.]ts',
  ],
}

/**
 * The floors of each layer, the highest first: a room may import rooms on lower floors, not those beside it. A name that
 * ends in `.ts` is a file; `*.ts` all other files that stand in no room.
 */
const floors = {
  domain: [['explain'], ['domain-event.ts'], ['calendar'], ['booking'], ['*.ts']],
  services: [
    ['http', 'migration'],
    ['status', 'signals', 'applying'],
    ['sync', 'publishing', 'audit'],
    ['channels', 'calcom', 'read-models'],
    ['calendars'],
    ['running'],
  ],
  ports: [
    ['booking-event-publisher.ts', 'port-groups.ts'],
    ['signal-queue', 'vault'],
    ['read-store'],
    ['event-store'],
    ['*.ts'],
  ],
  infrastructure: [
    ['config'],
    ['backup', 'sqlite', 'eventstoredb', 'mongodb', 'kafka', 'google', 'calcom'],
    ['sealing', 'diagnosis', 'files', 'answers'],
    ['clock', 'logging', 'metrics'],
  ],
}

const adapters = '^infrastructure/(sqlite|eventstoredb|mongodb|kafka|google|calcom)/'

const forbid = (name, from, to) => ({ name, severity: 'error', from, to })

const house = `^(${Object.keys(layers).join('|')}|main[.]ts)(/|$)`
const layerRules = Object.entries(layers).map(([layer, below]) =>
  forbid(
    `${layer}-knows-what-is-below`,
    { path: `^${layer}/` },
    { path: house, pathNot: `^(${[layer, ...below].join('|')})(/|$)` },
  ),
)

const roomRules = Object.entries(floors).flatMap(([layer, all]) => {
  const named = all.flat().filter((room) => room.endsWith('.ts') && room !== '*.ts')
  const inside = (room) => {
    if (room === '*.ts') return `(?!(${named.join('|').replaceAll('.', '[.]')})$)[^/]+[.]ts$`
    return room.endsWith('.ts') ? `${room.replace('.', '[.]')}$` : `${room}/`
  }
  const within = (rooms) => `^${layer}/(${rooms.map(inside).join('|')})`
  const oneWay = all.flatMap((rooms, floor) =>
    rooms.map((room) =>
      forbid(
        `${layer}-${room}-knows-lower-floors`,
        { path: within([room]) },
        { path: `^${layer}/`, pathNot: within([room, ...all.slice(floor + 1).flat()]) },
      ),
    ),
  )
  const noOther = forbid(
    `${layer}-has-no-other-room`,
    { path: `^${layer}/`, pathNot: within(all.flat()) },
    {},
  )
  return [...oneWay, noOther]
})

module.exports = {
  forbidden: [
    ...layerRules,
    ...roomRules,
    forbid('domain-is-pure', { path: '^domain/' }, { pathNot: '^domain/' }),
    forbid(
      'only-the-composition-names-an-adapter',
      { pathNot: '^(composition|infrastructure|test|bench)/|^main[.]ts$' },
      { path: adapters },
    ),
    forbid(
      'nothing-imports-main-but-the-command-line',
      { pathNot: '^(cli|test|bench)/' },
      { path: '^main[.]ts$' },
    ),
    forbid(
      'examples-stand-alone',
      { path: '^examples/' },
      { path: '^[^/]+[.]ts$|^(?!examples/|node_modules/)[^/]+/.*[.]ts$' },
    ),
    forbid('nothing-imports-examples', { pathNot: '^(examples|test)/' }, { path: '^examples/' }),
    forbid('nothing-imports-tests', { pathNot: '^(test|bench)/' }, { path: '^(test|bench)/' }),
    forbid('what-ships-needs-what-ships', {}, { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] }),
    forbid('no-cycles', {}, { circular: true }),
    forbid('no-orphans', { orphan: true, pathNot: '^main[.]ts$' }, {}),
  ],
  options: {
    doNotFollow: { path: '^(node_modules|test|bench)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.cjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'require', 'default'],
    },
  },
}
