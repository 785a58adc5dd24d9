// A process of its own with a double of an event store server in memory. Says its address in a line; ends with its input.
import { startEventStoreDbDouble } from '../../test/support/eventstoredb-double.ts'

const double = await startEventStoreDbDouble()
console.log(double.url)
process.stdin.on('end', () => process.exit()).resume()
