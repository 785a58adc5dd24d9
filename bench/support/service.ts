// The service itself, as main.ts composes it from the environment. Says its port.
import { readConfiguration } from '../../infrastructure/config/configuration.ts'
import { startService } from '../../main.ts'

const read = readConfiguration(process.env)
if (!read.ok) throw new Error(JSON.stringify(read.problems))
const service = await startService(read.configuration)
console.log(new URL(service.url).port)
process.on('SIGTERM', async () => {
  await service.stop()
  process.exit(0)
})
