// Loaded into a process before its own program (node --import). At SIGUSR2 the client of an event store fails with nobody
// waiting for it; at SIGHUP a promise of no client does.
import { EventStoreDBClient } from '@eventstore/db-client'

process.on('SIGUSR2', () => {
  const client = EventStoreDBClient.connectionString(
    'esdb+discover://127.0.0.1:1?tls=false&maxDiscoverAttempts=1&discoveryInterval=1',
  )
  // Private to TypeScript only: the client calls it so itself.
  void (client as unknown as { getChannel(): Promise<unknown> }).getChannel()
})
process.on('SIGHUP', () => {
  void Promise.reject(new Error('nobody catches this one'))
})
