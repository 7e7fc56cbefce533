/**
 * The gateway on one machine: Azurite, emulated Microsoft 365, Key Vault, mail servers and name discovery in this
 * process, the unmodified functions in a child process. Used by `npm start`, the demo and the end-to-end tests; with a
 * folder everything survives a restart.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Azurite, startAzurite } from './azurite.js'
import { makeCertificates } from './emulators/certificate.js'
import { demoDirectory } from './emulators/demo-directory.js'
import type { Directory } from './emulators/directory.js'
import { startDiscovery } from './emulators/discovery/start-discovery.js'
import { type Entra, startEntra } from './emulators/entra/start-entra.js'
import { type Graph, startGraph } from './emulators/graph/start-graph.js'
import { imapControl } from './emulators/imap/imap-control.js'
import { openRefusals } from './emulators/imap/imap-session.js'
import { type ImapEmulator, startImap } from './emulators/imap/start-imap.js'
import { type KeyVaultEmulator, startKeyVault } from './emulators/key-vault/start-key-vault.js'
import { afterBody, byLogin, bySender } from './emulators/smtp/refusals.js'
import { smtpControl } from './emulators/smtp/smtp-control.js'
import { type SmtpEmulator, startSmtp } from './emulators/smtp/start-smtp.js'
import { freePort } from './free-port.js'
import { type HostChild, startHostChild } from './host-child.js'
import { earlierThings, openKeptState, replaceFile, type Things } from './kept-state.js'

export interface StackPorts {
  gateway: number
  entra: number
  graph: number
  vault: number
  imap: number
  smtp: number
  discovery: number
  blob: number
  queue: number
  table: number
}

export interface StackOptions {
  root: string
  /** Folder of the app to run, e.g. an unpacked package; default `root`. */
  app?: string
  /** Keeps state here; absent: memory only. */
  folder?: string
  /** Absent: free ports. */
  ports?: StackPorts
  settings?: Record<string, string>
  /** How long the mail server takes before it says that it has a mail; default not at all. */
  smtpAnswerMs?: number
  onLog?(line: { level: string; category: string; message: string }): void
}

export interface Stack {
  /** Where browsers and apps reach the gateway; another site than the emulated sign-in. */
  url: string
  host(): HostChild
  /** Starts another host on the same state, after `host().kill()` or `stop()`. */
  restartHost(): Promise<void>
  directory: Directory
  entra: Entra
  graph: Graph
  vault: KeyVaultEmulator
  imap: ImapEmulator
  smtp: SmtpEmulator
  connectionString: string
  settings: Record<string, string>
  operatorKey(): string
  stop(): Promise<void>
}

/** The password mailbox of the local mode. */
export const postbox = { address: 'paula@postbox.example', password: 'demo-password' } as const

/** Who may log in to the local mail servers: Paula, and those who then misbehave as they are called. */
const mailAccounts = [
  postbox.address,
  ...Object.keys({ ...openRefusals, ...byLogin, ...bySender, ...afterBody }).map((name) => `${name}@postbox.example`),
]

const environment = 'mbg'

export async function startStack(options: StackOptions): Promise<Stack> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'gateway-'))
  mkdirSync(folder, { recursive: true })
  const stops: (() => Promise<void>)[] = []
  if (options.folder === undefined) stops.push(async () => rmSync(folder, { recursive: true, force: true }))
  try {
    return await start(options, folder, stops)
  } catch (error) {
    for (const stop of stops.reverse()) await stop().catch(() => {})
    throw error
  }
}

async function start(options: StackOptions, folder: string, stops: (() => Promise<void>)[]): Promise<Stack> {
  const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
    stops.push(() => started.stop())
    return started
  }
  const ports = options.ports
  const gatewayPort = ports?.gateway ?? (await freePort())
  const url = `http://localhost:${gatewayPort}`
  const kept = openKeptState(join(folder, 'emulators'))
  const state = { ...earlierThings(readState(folder)), ...kept.things }
  const certificates = await makeCertificates(join(folder, 'certificates'))
  const caFile = join(folder, 'certificates', 'trusted.pem')
  writeFileSync(caFile, certificates.ca)

  const directory = demoDirectory({ redirectUris: [`${url}/oauth/callback`] })
  if (state['directory'] !== undefined) directory.restore(state, kept)
  const entra = keep(await startEntra({ directory, host: '127.0.0.1', port: ports?.entra ?? 0 }))
  const graph = keep(
    await startGraph({
      directory,
      entra,
      port: ports?.graph ?? 0,
      onDeliver: (_from, to, raw) => {
        if (to.some((address) => address.toLowerCase() === postbox.address)) imap.deliver(postbox.address, raw)
      },
    }),
  )
  const vault = keep(
    await startKeyVault({
      port: ports?.vault ?? 0,
      ...(state['vault'] === undefined ? {} : { state: state['vault'] as never }),
    }),
  )
  // After the first ports are ours: of two starts at the same moment only one may open the files.
  const azurite: Azurite = keep(
    await startAzurite({
      ...(options.folder === undefined ? {} : { folder: join(folder, 'azurite') }),
      ...(ports === undefined ? {} : { ports: { blob: ports.blob, queue: ports.queue, table: ports.table } }),
    }),
  )
  const accounts = (user: string): { password: string } | undefined =>
    mailAccounts.includes(user.toLowerCase()) ? { password: postbox.password } : undefined
  const verifyToken = (token: string): { upn: string } | undefined => {
    const claims = entra.verifyAccessToken(token)
    return claims?.upn === undefined ? undefined : { upn: claims.upn }
  }
  const imap = keep(
    await startImap({ accounts, verifyToken, mode: 'implicit', tls: certificates, port: ports?.imap ?? 0 }),
  )
  const mail = Object.entries(state).filter(([name]) => name.startsWith('imap '))
  imap.restore(Object.fromEntries(mail.map(([name, folders]) => [name.slice('imap '.length), folders])) as never, kept)
  const smtp = keep(
    await startSmtp({
      accounts,
      verifyToken,
      mode: 'starttls',
      tls: certificates,
      port: ports?.smtp ?? 0,
      onMail: async (envelope, raw) => {
        if (options.smtpAnswerMs !== undefined) await delay(options.smtpAnswerMs)
        for (const to of envelope.to) {
          if (to.toLowerCase() === postbox.address) imap.deliver(postbox.address, raw)
          else if (directory.user(to) !== undefined) directory.deliver(to, raw)
          else directory.recordOutbound({ from: envelope.from, to: [to], raw })
        }
        imap.deliver(postbox.address, raw, 'Sent')
      },
    }),
  )
  const discovery = keep(
    await startDiscovery({
      mailServers: {
        imap: { host: '127.0.0.1', port: imap.port, socketType: 'SSL' },
        smtp: { host: '127.0.0.1', port: smtp.port, socketType: 'STARTTLS' },
      },
      controls: { imap: imapControl(imap), smtp: smtpControl(smtp) },
      port: ports?.discovery ?? 0,
    }),
  )

  const settings: Record<string, string> = {
    ENVIRONMENT_ID: environment,
    PUBLIC_BASE_URL: url,
    HOST_PORT: String(gatewayPort),
    MailStorage: azurite.connectionString,
    AzureWebJobsStorage: azurite.connectionString,
    AzureWebJobsDisableHomepage: 'true',
    KEY_VAULT_URL: vault.url,
    MICROSOFT_LOGIN_ORIGIN: entra.url,
    MICROSOFT_GRAPH_ORIGIN: graph.url,
    DNS_RESOLVER_URL: `${discovery.url}/resolve`,
    AUTOCONFIG_URL: `${discovery.url}/autoconfig/`,
    ALLOW_LOOPBACK_MAIL_HOSTS: 'true',
    POLL_MIN_SECONDS: '5',
    POLL_MAX_SECONDS: '60',
    RETRY_BASE_SECONDS: '2',
    NODE_EXTRA_CA_CERTS: caFile,
    TIMER_STATUS_FILE: join(folder, 'timers.json'),
    ...options.settings,
  }
  const startHost = (): Promise<HostChild> =>
    startHostChild({
      root: options.root,
      ...(options.app === undefined ? {} : { app: options.app }),
      settings,
      ...(options.onLog ? { onLog: options.onLog } : {}),
    })
  let host = await startHost()
  stops.push(() => host.stop())
  // Storage, seal keys and the first operator key come from the sweep; nobody should wait half a minute for its
  // schedule.
  await host.runTimer('sweep')

  const snapshot = (): Things => ({
    ...directory.snapshot(kept),
    vault: vault.snapshot(),
    ...Object.fromEntries(Object.entries(imap.snapshot(kept)).map(([user, folders]) => [`imap ${user}`, folders])),
  })
  let saving: Promise<void> | undefined
  const save = (): Promise<void> => {
    if (options.folder === undefined) return Promise.resolve()
    saving ??= kept
      .save(snapshot)
      .catch((error: Error) =>
        options.onLog?.({ level: 'error', category: 'State', message: `the state was not saved: ${error.message}` }),
      )
      .finally(() => {
        saving = undefined
      })
    return saving
  }
  await save()
  // From here on the state is whole in its own files, and the one file of version 0.1 shrinks to its port.
  if (options.folder !== undefined) await replaceFile(stateFile(folder), JSON.stringify({ port: gatewayPort }))
  const regularly = setInterval(() => void save(), 2_000)
  return {
    url,
    host: () => host,
    restartHost: async () => {
      host = await startHost()
    },
    directory,
    entra,
    graph,
    vault,
    imap,
    smtp,
    settings,
    connectionString: azurite.connectionString,
    operatorKey: () => operatorKeyIn(vault),
    stop: async () => {
      clearInterval(regularly)
      await host.stop().catch(() => {})
      await saving
      await save()
      for (const stop of stops.reverse().slice(1)) await stop().catch(() => {})
    },
  }
}

const stateFile = (folder: string): string => join(folder, 'emulators.json')

/** What a state folder says of itself: the gateway's port, where this state began. */
export function readState(folder: string): { port?: number } {
  try {
    return JSON.parse(readFileSync(stateFile(folder), 'utf8'))
  } catch {
    return {}
  }
}

function operatorKeyIn(vault: KeyVaultEmulator): string {
  const secret = vault.snapshot().find((one) => one.name === `${environment}-operator-key`)
  return secret?.versions.at(-1)?.value ?? ''
}
