import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BackupRefused } from '../../../infrastructure/backup/backup-folder.ts'
import { adminRoutes } from '../../../services/http/admin-routes.ts'
import { type HttpFixture, tokenOf, withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('POST /admin/backup')

const made = { begunAt: '2030-01-01T00:00:00Z', head: '', hasKey: false, files: [] }
type Asked = { directory: string; withKey: boolean }

const withAdmin = (
  body: (http: HttpFixture, asked: Asked[]) => Promise<void>,
  backUp: (options: Asked) => Promise<typeof made> = async () => made,
) => {
  const asked: Asked[] = []
  const router = adminRoutes({
    dataFolder: '/data',
    backUp(options) {
      asked.push(options)
      return backUp(options)
    },
  })
  return withHttp(
    (http) => body(http, asked),
    (deps) => ({ ...deps, guarded: [{ router, scope: 'operate' }] }),
  )
}

test(
  'makes a backup for those who may operate, with the key only where it is asked for',
  withAdmin(async ({ ask }, asked) => {
    const plain = await ask('POST', '/admin/backup', { body: { directory: '/b' } })
    assert.equal([plain.status, plain.body], [200, { directory: '/b', ...made }])
    const body = { directory: '/b', withKey: true, dataFolder: '/data' }
    assert.is((await ask('POST', '/admin/backup', { body, token: tokenOf('operator') })).status, 200)
    assert.equal(asked, [
      { directory: '/b', withKey: false },
      { directory: '/b', withKey: true },
    ])
    assertProblem(
      await ask('POST', '/admin/backup', { body, token: tokenOf('reader') }),
      403,
      'SCOPE_MISSING',
    )
    assertProblem(await ask('POST', '/admin/backup', { body, token: null }), 401, 'TOKEN_MISSING')
  }),
)

test(
  'refuses what a proxy passes on, another data folder, and what is no such request',
  withAdmin(async ({ ask }, asked) => {
    const body = { directory: '/b' }
    for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Forwarded-Host'])
      assertProblem(
        await ask('POST', '/admin/backup', { body, headers: { [name]: '192.0.2.1' } }),
        403,
        'LOOPBACK_ONLY',
      )
    const other = { directory: '/b', dataFolder: '/other' }
    assertProblem(await ask('POST', '/admin/backup', { body: other }), 409, 'OTHER_DATA_FOLDER')
    for (const wrong of [{}, { directory: '' }, { directory: '/b', more: 1 }, []])
      assertProblem(await ask('POST', '/admin/backup', { body: wrong }), 400, 'BODY_INVALID')
    assert.equal(asked, [])
  }),
)

let finish = () => {}
test(
  'makes one backup at a time',
  withAdmin(
    async ({ ask }, asked) => {
      const body = { directory: join('/', 'b') }
      const first = ask('POST', '/admin/backup', { body })
      while (asked.length === 0) await new Promise(setImmediate)
      assertProblem(await ask('POST', '/admin/backup', { body }), 409, 'BACKUP_RUNNING')
      finish()
      assert.is((await first).status, 200)
    },
    () =>
      new Promise((resolve) => {
        finish = () => resolve(made)
      }),
  ),
)

test(
  'says why a folder cannot be used',
  withAdmin(
    async ({ ask }) => {
      const refused = await ask('POST', '/admin/backup', { body: { directory: '/b' } })
      assertProblem(refused, 409, 'DIRECTORY_UNUSABLE')
      assert.is(refused.body.detail, '/b is not an empty folder.')
    },
    async () => {
      throw new BackupRefused('DIRECTORY_UNUSABLE', '/b is not an empty folder.')
    },
  ),
)

test.run()
