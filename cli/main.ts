import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type Category, eventTypes } from '../domain/domain-event.ts'
import { defined } from '../domain/optional-fields.ts'

/** The exit code for a command line that was used wrongly. */
const USAGE_ERROR = 2

type ExportFlags = {
  from?: Temporal.Instant
  to?: Temporal.Instant
  category?: Category
  booking?: string
  output?: string
  publicKey?: boolean
}

const categories = Object.keys(eventTypes)

const program = new Command('calendar-sync')
  .description('Carries changes made in Google Calendar back to Cal.com bookings.')
  .helpOption('-h, --help', 'show this help')
  .helpCommand(false)
  .showHelpAfterError()
  .exitOverride()

program
  .command('start')
  .description('run the service; it is configured by environment variables and .env')
  .option(
    '--take-over',
    'let this data folder, or this KAFKA_TOPIC, take the place of the one that EVENTSTORE_URL was used with',
  )
  .action(async (options: { takeOver?: boolean }) => {
    const { start } = await import('./start.ts')
    process.exitCode = await start({ takeOver: options.takeOver === true })
  })

program
  .command('demo')
  .description('play a story against the stand-ins; exit 0 only if every step came true')
  .action(async () => {
    const { demo } = await import('./demo.ts')
    process.exitCode = await demo()
  })

program
  .command('google-stand-in')
  .description('run the stand-in for Google Calendar alone, over HTTP')
  .helpOption(false)
  .allowUnknownOption()
  .argument('[options...]', "the stand-in's own options; --help shows them")
  .action(async (options: string[]) => {
    const { runGoogleStandIn } = await import('../stand-ins/google/main.ts')
    await runGoogleStandIn(options)
  })

program
  .command('status')
  .description('what the running service has to do, and what needs a person')
  .option('--json', "the service's answer as it is, for programs")
  .action(async (options: { json?: boolean }) => {
    const { status } = await import('./status.ts')
    process.exitCode = await status({ json: options.json === true })
  })

program
  .command('doctor')
  .description('check the configuration and everything that it names; exit 1 where something does not work')
  .option('--json', 'what was found, for programs')
  .action(async (options: { json?: boolean }) => {
    const { doctor } = await import('./doctor.ts')
    process.exitCode = await doctor({ json: options.json === true })
  })

program
  .command('backup')
  .description('copy the embedded stores to a new or empty folder, also while the service runs')
  .argument('<directory>', 'where to, on this machine')
  .option('--with-key', 'copy the encryption key too: whoever has the backup can then read every credential')
  .option('--json', 'what was copied, for programs')
  .action(async (directory: string, options: { withKey?: boolean; json?: boolean }) => {
    const { backup } = await import('./backup.ts')
    process.exitCode = await backup(directory, {
      withKey: options.withKey === true,
      json: options.json === true,
    })
  })

program
  .command('restore')
  .description('make a data folder (DATA_DIR, missing or empty) of a backup')
  .argument('<directory>', 'the backup')
  .option('--key-file <file>', 'the encryption.key that was kept apart from it; or set ENCRYPTION_KEY')
  .option('--json', 'what was restored, for programs')
  .action(async (directory: string, options: { keyFile?: string; json?: boolean }) => {
    const { restore } = await import('./restore.ts')
    process.exitCode = await restore(directory, {
      keyFile: options.keyFile,
      json: options.json === true,
    })
  })

program
  .command('migrate')
  .description('move a data folder to the servers that EVENTSTORE_URL and MONGODB_URL name; can be repeated')
  .addOption(new Option('--from <kind>', 'what to move from').choices(['embedded']).makeOptionMandatory())
  .argument('[folder]', 'the data folder; DATA_DIR if none is named')
  .option('--json', 'what was moved, for programs')
  .action(async (folder: string | undefined, options: { json?: boolean }) => {
    const { migrate } = await import('./migrate.ts')
    process.exitCode = await migrate(folder, { json: options.json === true })
  })

program
  .command('resume-publishing')
  .description(
    'the way out of STORE_REWOUND: compare the event store with the Kafka topic, and say where publishing would go on',
  )
  .option('--yes', 'let it go on there; without it nothing is changed')
  .option('--after <position>', 'go on after this position (or: start), where the topic alone does not tell')
  .option('--json', 'what was found, for programs')
  .action(async (options: { yes?: boolean; after?: string; json?: boolean }) => {
    const { resumePublishing } = await import('./resume-publishing.ts')
    process.exitCode = await resumePublishing({
      after: options.after,
      yes: options.yes === true,
      json: options.json === true,
    })
  })

program
  .command('resume-read-models')
  .description(
    'the way out of STORE_REWOUND for read models: where the event store goes on from an older copy, have them made anew from it; the service must not run',
  )
  .option('--yes', 'do it; without it nothing is changed')
  .option('--json', 'what was found, for programs')
  .action(async (options: { yes?: boolean; json?: boolean }) => {
    const { resumeReadModels } = await import('./resume-read-models.ts')
    process.exitCode = await resumeReadModels({ yes: options.yes === true, json: options.json === true })
  })

program
  .command('timeline')
  .description('what happened to a booking and its reschedule chain, and why, from its events')
  .argument('<booking>', "the booking's uid")
  .option('--at <time>', 'as it was known then: RFC 3339, or a day in UTC', instantOf)
  .option('--json', "the service's answer as it is, for programs")
  .action(async (bookingUid: string, { at, json = false }: { at?: Temporal.Instant; json?: boolean }) => {
    const { timeline } = await import('./timeline.ts')
    process.exitCode = await timeline(bookingUid, { at, json })
  })

program
  .command('import')
  .description('read the bookings to come from Cal.com, and follow those that are not known yet')
  .option('--json', 'how many were listed and added, for programs')
  .action(async (options: { json?: boolean }) => {
    const { importBookings } = await import('./import.ts')
    process.exitCode = await importBookings({ json: options.json === true })
  })

program
  .command('export')
  .description('write events as they are stored, one a line, and a signed manifest as the last line')
  .option('--from <time>', 'events recorded then or later: RFC 3339, or a day in UTC', instantOf)
  .option('--to <time>', 'events recorded before', instantOf)
  .addOption(new Option('--category <name>', 'the aggregate that the events are of').choices(categories))
  .option('--booking <uid>', 'the events of one booking')
  .option('--output <file>', 'where to, instead of standard output; a file that is there is left alone')
  .option('--public-key', 'print the public key that exports are signed with, and nothing else')
  .action(async (options: ExportFlags) => {
    const { exportEvents, printPublicKey } = await import('./export.ts')
    const { publicKey, output, booking, ...times } = options
    process.exitCode = publicKey
      ? printPublicKey()
      : await exportEvents({ selection: defined({ ...times, bookingUid: booking }), output })
  })

program
  .command('verify')
  .description(
    'make every read model anew and compare it with the live one, check the rules of streams; or check an export: exit 1 on any difference',
  )
  .option('--export <file>', 'check this export instead: which lines were changed, removed, added or moved')
  .option('--public-key <file>', 'the key to check it with (PEM), where it was made by another deployment')
  .option('--json', 'what was found, for programs')
  .action(async (options: { export?: string; publicKey?: string; json?: boolean }) => {
    const { export: file, publicKey, json = false } = options
    if (file === undefined) {
      const { verify } = await import('./verify.ts')
      process.exitCode = await verify({ json })
    } else {
      const { verifyExport } = await import('./verify-export.ts')
      process.exitCode = await verifyExport(file, { publicKey, json })
    }
  })

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR
  else if (isUsageError(error)) {
    console.error(error.message)
    process.exitCode = USAGE_ERROR
  } else throw error
}

/** An error of node:util's parseArgs, which the stand-ins read their options with. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}

/** An instant (RFC 3339), or the beginning of a day in UTC. */
function instantOf(text: string): Temporal.Instant {
  try {
    return Temporal.Instant.from(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  } catch {
    throw new InvalidArgumentError('It is no time: RFC 3339 (2026-11-30T08:00:00Z), or a day (2026-11-30).')
  }
}
