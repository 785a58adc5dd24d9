// A process of its own with a double of an event store server in memory. Says its address in a line, and after each line
// of its input the CPU time that it has used so far, in microseconds; ends with its input.
import { startEventStoreDbDouble } from '../../test/support/eventstoredb-double.ts'

const double = await startEventStoreDbDouble()
console.log(double.url)
process.stdin
  .on('end', () => process.exit())
  .on('data', () => {
    const { user, system } = process.cpuUsage()
    console.log(user + system)
  })
