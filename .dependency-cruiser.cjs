// The layers of docs/decisions/0002: imports point one way, and only main.ts names an adapter.
const adapters =
  '^infrastructure/(sqlite|google|calcom|kafka|eventstoredb|mongodb)/|^infrastructure/[^/]+/(sqlite|mongodb|eventstoredb)-[^/]+[.]ts$'
module.exports = {
  forbidden: [
    { name: 'domain-is-pure', severity: 'error', from: { path: '^domain' }, to: { pathNot: '^domain' } },
    {
      name: 'commands-and-projections-know-domain-and-ports',
      severity: 'error',
      from: { path: '^(commands|projections)/' },
      to: { path: '^(services|simulator|console|cli|main[.]ts)' },
    },
    {
      name: 'services-know-no-composition',
      severity: 'error',
      from: { path: '^services/' },
      to: { path: '^(simulator|cli|main[.]ts)' },
    },
    {
      name: 'infrastructure-knows-domain-types-only',
      severity: 'error',
      from: { path: '^infrastructure/' },
      to: { path: '^(services|commands|projections|simulator|console|cli|main[.]ts)' },
    },
    {
      name: 'only-main-names-an-adapter',
      severity: 'error',
      from: { path: '^(domain|commands|projections|services|console)/' },
      to: { path: adapters },
    },
    {
      name: 'simulator-stands-alone',
      severity: 'error',
      from: { path: '^simulator/' },
      to: { path: '^(services|commands|projections|domain|cli|main[.]ts)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^(main[.]ts|bench|test)' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.cjs', '.js'] },
  },
}
