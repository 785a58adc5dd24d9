// The layers of docs/decisions/0002: imports point one way, and only main.ts and composition/ name an adapter. Type imports count.
// test/ and bench/ may import anything, and nothing imports them.

const port = '^ports/'

/** Adapters stand in a folder of their technology. */
const engine = 'sqlite|google|calcom|kafka|eventstoredb|mongodb'
const adapter = `^infrastructure/(${engine})/`

const forbid = (name, from, to) => ({ name, severity: 'error', from, to })

module.exports = {
  forbidden: [
    forbid('domain-is-pure', { path: '^domain/' }, { pathNot: '^domain/' }),
    forbid(
      'commands-and-projections-know-domain-and-ports',
      { path: '^(commands|projections)/' },
      { path: '^(services|stand-ins|console|cli|composition)/|^main[.]ts$' },
    ),
    forbid(
      'services-know-no-composition',
      { path: '^services/' },
      { path: '^(stand-ins|console|cli|composition)/|^main[.]ts$' },
    ),
    forbid(
      'ports-and-infrastructure-know-domain-types-only',
      { path: '^(ports|infrastructure)/' },
      { path: '^(services|commands|projections|stand-ins|console|cli|composition)/|^main[.]ts$' },
    ),
    forbid('ports-know-no-adapter', { path: port }, { path: adapter }),
    forbid(
      'only-the-composition-names-an-adapter',
      { path: '^(domain|commands|projections|ports|services|stand-ins|console|cli)/' },
      { path: adapter },
    ),
    forbid(
      'stand-ins-stands-alone',
      { path: '^stand-ins/' },
      { path: '^(services|commands|projections|domain|console|cli|composition)/|^main[.]ts$' },
    ),
    forbid(
      'nothing-imports-main-but-the-command-line',
      { pathNot: '^(cli|test|bench)/' },
      { path: '^main[.]ts$' },
    ),
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
