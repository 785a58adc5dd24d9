// The whole service with its stand-ins in this process, played over HTTP, for what only the process itself knows.
import { type World, worldAt } from '../../cli/demo/world.ts'
import { readConfiguration } from '../../infrastructure/config/configuration.ts'
import { startService } from '../../main.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Runs `play` on a service of its own with the stand-ins' host registered. All is closed whatever comes of it. */
export const withWholeService =
  (
    play: (world: World, at: { url: string; token: string }) => Promise<void>,
    env: { [variable: string]: string } = {},
  ) =>
  async (): Promise<void> => {
    const folder = temporaryFolder()
    const read = readConfiguration({
      DATA_DIR: folder.path,
      PORT: '0',
      LOG_LEVEL: 'silent',
      SETTLE_MS: '50',
      ...env,
    })
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    const service = await startService(read.configuration)
    try {
      const { standIns, url, token } = service
      if (standIns === undefined) throw new Error('no stand-ins')
      const addresses = { service: url, token, google: standIns.google.url, calcom: standIns.calcom.url }
      const world = worldAt(addresses, 5_000)
      const { userId, calendarId: externalCalendarId, credentialId } = STAND_IN_HOST
      const command = { userId, provider: 'google', externalCalendarId, credentialId }
      await world.service.post('/commands/RegisterCalendarSync', command)
      await play(world, { url, token })
    } finally {
      await service.stop()
      folder.remove()
    }
  }

/** Waits until `/status` tells a person something of which all these are true. */
export const toldOf = (world: World, what: RegExp) =>
  world.until(`A person told of ${what}`, async (complain) => {
    const { needsPerson } = await world.status()
    complain(JSON.stringify(needsPerson))
    return needsPerson.find(({ sentence, next }) => what.test(`${sentence} ${next}`))
  })
