/**
 * The whole gateway on one machine, with a summary that people can act on. `--fresh` starts from scratch, `--demo`
 * plays the story.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { apiClient } from './api-client.js'
import { playDemo } from './demo.js'
import { demoTenant } from './demo-tenant.js'
import { isFree } from './free-port.js'
import { nextSteps } from './next-steps.js'
import { postbox, readState, type Stack, type StackPorts, startStack } from './stack.js'
import { type LogLine, terminalNews } from './terminal-news.js'
import { startSettings } from './tools/preflight/start-settings.js'

const usage = `npm start -- [--fresh] [--demo] [--without-app] [--port N] [--state F]
  --fresh   delete all local state and start from scratch
  --demo    play the whole story unattended and exit
  --without-app  everything but the app, for "npm run start:func"
  --port N  first of ten ports to use (default 7071); other ports have a state of their own
  --state F folder for the local state (default .gateway/state, with --port .gateway/state-N)`

const defaultPort = 7071
const portNames = ['gateway', 'entra', 'graph', 'vault', 'imap', 'smtp', 'discovery', 'blob', 'queue', 'table'] as const

interface Options {
  fresh: boolean
  demo: boolean
  withoutApp: boolean
  port: number
  state: string
}

function parseOptions(words: string[]): Options {
  const options: Options = { fresh: false, demo: false, withoutApp: false, port: defaultPort, state: '' }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === '--fresh') options.fresh = true
    else if (word === '--demo') options.demo = true
    else if (word === '--without-app') options.withoutApp = true
    else if (word === '--state') {
      at += 1
      options.state = words[at] ?? refuse(`--state needs a folder.\n\n${usage}`)
    } else if (word === '--port') {
      at += 1
      options.port = Number(words[at])
      if (!Number.isInteger(options.port) || options.port < 1024 || options.port > 65_525)
        refuse(`--port must be a number from 1024 to 65525.\n\n${usage}`)
    } else if (word === '--help') {
      console.log(usage)
      process.exit(0)
    } else refuse(`Unknown option ${word}.\n\n${usage}`)
  }
  options.state ||= options.port === defaultPort ? '.gateway/state' : `.gateway/state-${options.port}`
  return options
}

function refuse(message: string): never {
  console.error(`\n${message}\n`)
  process.exit(1)
}

/** Deletes local state, and nothing that is not ours. */
function forget(folder: string): void {
  if (!existsSync(folder)) return
  const isOurs = readdirSync(folder).length === 0 || existsSync(join(folder, 'emulators.json'))
  if (!isOurs && existsSync(join(folder, 'certificates')) === false)
    refuse(
      `${folder} does not look like state of the gateway, so it is left alone. Delete it yourself, or name another folder with --state.`,
    )
  rmSync(folder, { recursive: true, force: true })
}

/**
 * The mailboxes in a state name the mail servers of its ports, and two gateways on one state would destroy it. Both are
 * settled by one rule, since only one process can have a port: a state belongs to the ports it began with.
 */
function checkState(folder: string, port: number): void {
  const began = readState(folder).port
  if (began === undefined || began === port) return
  const named = `npm start -- --port ${began} --state ${folder}`
  refuse(
    `${folder} holds the state of a gateway at port ${began}, whose mailboxes name that port's mail servers.\nStart it with its own port (${named}), or name another folder.`,
  )
}

async function checkPorts(ports: StackPorts, first: number): Promise<void> {
  const taken: number[] = []
  for (const port of Object.values(ports)) if (!(await isFree(port))) taken.push(port)
  if (taken.length > 0) refusePorts(taken.length > 3 ? `${taken[0]} to ${taken.at(-1)}` : taken.join(', '), first)
}

function refusePorts(taken: string, first: number): never {
  refuse(
    `Port ${taken} is taken, perhaps by a gateway that still runs.\nStop that program, or use other ports: npm start -- --port ${first + 100}`,
  )
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  const root = process.cwd()
  const folder = resolve(root, options.state)
  const ports = Object.fromEntries(
    portNames.map((name, index) => [name, options.port + index]),
  ) as unknown as StackPorts
  if (!options.demo) {
    checkState(folder, options.port)
    await checkPorts(ports, options.port)
    if (options.fresh) forget(folder)
  }

  const started = performance.now()
  console.log('\n  starting …')
  // What fails is told once the gateway can be asked for the words; a demo tells its own failures, step by step.
  const early: LogLine[] = []
  let hear = (line: LogLine): void => void early.push(line)
  const stack = await startStack({
    root,
    ...(options.demo ? {} : { folder, ports }),
    onLog: (line) => hear(line),
  })
  const news = terminalNews({
    url: stack.url,
    api: (tenant) => apiClient(stack.url, stack.operatorKey(), tenant),
    say: (line) => console.error(line),
    now: Date.now,
  })
  hear = options.demo ? () => {} : news
  early.forEach(hear)
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= stack.stop()
    return stopping
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // The first signal lets the mail in hand end; the next one waits for nothing but the state on disk.
      if (stopping === undefined) console.log('\n  stopping … (again: at once)')
      else void stack.host().kill()
      void stop().then(() => process.exit(0))
    })
  process.on('disconnect', () => void stop().then(() => process.exit(0)))

  if (options.demo) {
    const ok = await playDemo(stack, (line) => console.log(line))
    await stop()
    process.exit(ok ? 0 : 1)
  }
  if (options.withoutApp) await leaveToCoreTools(stack, folder)
  else await summary(stack, folder, Math.round(performance.now() - started))
}

/** The app has made its storage and keys by now; it makes room for the same app under Core Tools. */
async function leaveToCoreTools(stack: Stack, folder: string): Promise<void> {
  const tenant = await demoTenant(stack, folder)
  await stack.host().stop()
  const file = writeSettings(stack, folder)
  console.log(`
  Azurite and the emulators are up; the app is not. In a second terminal:

     cp ${file} local.settings.json
     npm run start:func -- --port ${stack.settings['HOST_PORT']}

  The app is then at       ${stack.url}, its console at ${stack.url}/console
                           operator key ${stack.operatorKey()}
                           tenant key ${tenant.adminKey}
  Stop                     Ctrl-C
`)
}

async function summary(stack: Stack, folder: string, ms: number): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--fresh')
  const settings = writeSettings(stack, folder)
  const isUsual = relative(process.cwd(), settings) === startSettings
  const preflight = isUsual ? 'npm run preflight' : `npm run preflight -- --settings ${settings}`
  const steps = await nextSteps(stack, await demoTenant(stack, folder), process.platform)
  const lines = [
    '',
    `Mailbox Gateway is up at ${stack.url} (${(ms / 1000).toFixed(1)} s, ${stack.host().functions} functions)`,
    '',
    ...steps,
    '',
    `API                      ${stack.url}/api/openapi.json   ·   health ${stack.url}/api/health`,
    `Emulated Microsoft 365   web mail ${stack.graph.url}/mail, sign-in ${stack.entra.url}, Graph ${stack.graph.url}`,
    `Mail servers             IMAP localhost:${stack.imap.port} (TLS), SMTP localhost:${stack.smtp.port} (STARTTLS)`,
    `                         password mailbox ${postbox.address} / ${postbox.password}`,
    `Key Vault and storage    vault ${stack.vault.url}; Azurite: ${storageAddresses(stack.connectionString)}`,
    `Is everything there?     ${preflight}`,
    `State                    ${folder}; start from scratch with: npm start -- ${['--fresh', ...words].join(' ')}`,
    'Other ports, all options npm start -- --port 8071   ·   npm start -- --help',
    'Stop                     Ctrl-C',
    '',
  ]
  console.log(lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n'))
}

/**
 * The app's settings as a file of the form local.settings.json, for preflight and Core Tools; answers with its path.
 */
function writeSettings(stack: Stack, folder: string): string {
  const { HOST_PORT, TIMER_STATUS_FILE, ...settings } = stack.settings
  const file = join(folder, 'local.settings.json')
  const values = { FUNCTIONS_WORKER_RUNTIME: 'node', ...settings }
  writeFileSync(file, `${JSON.stringify({ IsEncrypted: false, Values: values }, null, 2)}\n`, { mode: 0o600 })
  return file
}

const storageAddresses = (connectionString: string): string =>
  [...connectionString.matchAll(/(\w+)Endpoint=http:\/\/([^/;]+)/g)]
    .map(([, service = '', address]) => `${service.toLowerCase()} ${address}`)
    .join(', ')

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error)
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    refuse(`Another program has just taken a port (${text}), perhaps a second start. Start again.`)
  console.error(
    `\n  The gateway could not start: ${text}\n  If local state is damaged, start from scratch with: npm start -- --fresh\n`,
  )
  process.exit(1)
})
