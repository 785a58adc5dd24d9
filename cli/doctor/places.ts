// Checks on this machine: the data folder and the port.
import { accessSync, constants, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { Configuration } from '../../infrastructure/config/configuration.ts'
import { openDataFolder, STAMP_FILE } from '../../infrastructure/config/data-folder.ts'
import { keptServiceAddress } from '../../infrastructure/config/service-address.ts'
import { runsOn } from '../running-service.ts'
import { type Finding, note, ok, wrong } from './finding.ts'

/** Whether the folder can be used for this configuration's calendars. Makes and writes nothing. */
export function lookAtFolder({ data: { folder }, google }: Configuration): Finding {
  const place = nearestExisting(folder)
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return wrong(
      'DATA_DIR',
      `${place} cannot be written to by this user.`,
      'Give the folder to the user that the service runs as, or choose another DATA_DIR.',
    )
  }
  if (!existsSync(join(folder, STAMP_FILE)))
    return ok('DATA_DIR', `${folder} is new: it is made at the first start.`)
  const stamped = openDataFolder(folder, google.root)
  if (stamped.ok) return ok('DATA_DIR', `${folder} belongs to this Google.`)
  return wrong('DATA_DIR', stamped.message, 'Choose another DATA_DIR, or what the message says.')
}

/** Whether the service runs already, or could listen. */
export async function lookAtPort({ http, data }: Configuration): Promise<Finding> {
  const address = keptServiceAddress(data.folder)
  if (address !== undefined && (await runsOn(address).catch(() => false)))
    return ok('PORT', `The service runs on this data folder, at ${address.origin}.`)
  const code = await listenError(http.host, http.port)
  if (code === undefined) return ok('PORT', `${http.host}:${http.port} is free.`)
  if (code === 'EADDRINUSE' && !http.portIsFixed)
    return note('PORT', `${http.port} is taken: the next free port is used.`, 'Set PORT where that matters.')
  return wrong(
    'PORT',
    `Cannot listen on ${http.host}:${http.port}: ${code}.`,
    code === 'EADDRINUSE'
      ? 'Another program listens there: stop it, or set another PORT.'
      : 'Set a HOST of this machine, and a PORT that this user may open.',
  )
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

function listenError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}
