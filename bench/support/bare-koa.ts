// What every webhook is measured against: a Koa app that answers 200 and does nothing else. Says its port.
import { createServer } from 'node:http'
import Koa from 'koa'

const app = new Koa().use((ctx) => {
  ctx.status = 200
})
const server = createServer(app.callback()).listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(address !== null && typeof address === 'object' ? address.port : 'no port')
})
process.on('SIGTERM', () => process.exit(0))
