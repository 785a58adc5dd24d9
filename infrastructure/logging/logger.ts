import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { LogFields, Logger } from '../../ports/logger.ts'
import { redactedFields, redactedText } from './redaction.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/**
 * Logs to standard output: one JSON object a line (`time` RFC 3339 in UTC, `level` by name). If a person watches at a
 * terminal, coloured lines. Secrets are taken out of every line, whatever is handed in. `destination` is for tests.
 */
export function createLogger(options: { level: LogLevel; destination?: DestinationStream }): Logger {
  // Without a worker thread on purpose: the last lines before an exit are written.
  const destination =
    options.destination ??
    (process.stdout.isTTY
      ? pretty({ colorize: true, ignore: 'pid,hostname', sync: true })
      : pino.destination({ sync: true }))
  return redacting(
    pino(
      {
        level: options.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
        // Errors are plain objects by then; pino's own serializer would take them for errors again.
        serializers: { err: (error: unknown) => error },
      },
      destination,
    ),
  )
}

function redacting(logger: PinoLogger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    (first: string | LogFields, message?: string) => {
      if (!logger.isLevelEnabled(level)) return
      if (typeof first === 'string') logger[level](redactedText(first))
      else logger[level](redactedFields(first), redactedText(message ?? ''))
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => redacting(logger.child(redactedFields(fields))),
  }
}
