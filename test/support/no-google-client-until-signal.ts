// Preloaded into a service: until SIGUSR2 each load of Google's client ends as without descriptors.
import { registerHooks } from 'node:module'

let isShort = true
process.on('SIGUSR2', () => {
  isShort = false
})
registerHooks({
  resolve(specifier, context, next) {
    if (isShort && specifier.startsWith('googleapis/'))
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    return next(specifier, context)
  },
})
