import { type CredentialPorts, credentialForCalendar } from '../../commands/calendar-credential.ts'
import type { Outside } from '../../ports/port-groups.ts'

export type OrphanedChannel = { calendarKey: string; channelId: string; resourceId: string }

/**
 * Stops channels of ours that push although no record knows them. The caller does not wait. There is one try at a time per
 * channel. After a failure the channel's next push begins another try.
 */
export function orphanedChannels(
  ports: CredentialPorts & Pick<Outside, 'provider' | 'log'>,
  signal: AbortSignal,
): (channel: OrphanedChannel) => void {
  const underWay = new Set<string>()

  async function stop({ calendarKey, channelId, resourceId }: OrphanedChannel): Promise<void> {
    try {
      const credentialId = await credentialForCalendar(ports, calendarKey)
      const address = await ports.calendars.addressOf(calendarKey)
      const where = address && { externalCalendarId: address.externalCalendarId }
      const answer: Awaited<ReturnType<typeof ports.provider.stop>> =
        credentialId === undefined
          ? { ok: false, code: 'CREDENTIAL_MISSING' }
          : await ports.provider.stop({ credentialId, channelId, resourceId, ...where }, signal)
      if (answer.ok) ports.log.info({ channelId, calendarKey }, 'orphaned channel stopped')
      else if (!signal.aborted)
        ports.log.warn({ channelId, calendarKey, code: answer.code }, 'orphaned channel not stopped')
    } catch (error) {
      if (!signal.aborted)
        ports.log.warn({ err: error, channelId, calendarKey }, 'orphaned channel not stopped')
    } finally {
      underWay.delete(channelId)
    }
  }

  return (channel) => {
    if (underWay.has(channel.channelId) || signal.aborted) return
    underWay.add(channel.channelId)
    void stop(channel)
  }
}
