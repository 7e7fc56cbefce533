/**
 * A real Dovecot (IMAP and POP3) in a temporary folder on free ports, to check transports against a server that is not
 * ours. Debian packages dovecot-imapd and dovecot-pop3d; where they are missing, a suite says so loudly and runs
 * nothing (`if (dovecotAvailable()) describe(...)`), or fails when `REQUIRE_REAL_SERVERS=1`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { ServerCertificate } from '../../../local/emulators/certificate.js'
import { freePort } from '../../../local/free-port.js'

export interface DovecotOptions {
  /** Passwords by user name. */
  users: Record<string, string>
  tls: ServerCertificate
  /** RFC 7662 endpoint that answers `{active: "true", username}`; adds XOAUTH2 and OAUTHBEARER. */
  introspectionUrl?: string
  /** Offer OAUTHBEARER next to XOAUTH2; Exchange Online does not. Default false. */
  oauthBearer?: boolean
}

export interface Dovecot {
  host: '127.0.0.1'
  /** Implicit TLS. */
  imapsPort: number
  /** STARTTLS; logins in clear text are refused. */
  imapPort: number
  pop3sPort: number
  /** Loses its index of a user's inbox, as after a restore: the mail stays, UIDVALIDITY and UIDs are new. */
  forgetUids(user: string): Promise<void>
  /** The same under the old UIDVALIDITY, which RFC 3501 2.3.1.1 forbids: as after the restore of a copy. */
  rewindUids(user: string, first?: number): Promise<void>
  /** A copy of the mailbox as it is; call the result to put it in the place of what is there then. */
  backUp(user: string): Promise<() => Promise<void>>
  /** What the server has logged so far. */
  log(): Promise<string>
  stop(): Promise<void>
}

const binary = '/usr/sbin/dovecot'
const modules = '/usr/lib/dovecot'

let warned = false

/** Whether Dovecot with IMAP and POP3 is installed; the first `false` is written to standard error. Throws where it must be. */
export function dovecotAvailable(): boolean {
  const missing = [binary, `${modules}/imap`, `${modules}/pop3`].filter((path) => !existsSync(path))
  if (missing.length === 0) return true
  if (process.env['REQUIRE_REAL_SERVERS'] === '1')
    throw new Error(`REQUIRE_REAL_SERVERS=1, but Dovecot is not installed: ${missing.join(', ')}`)
  if (!warned) {
    warned = true
    const line = '='.repeat(78)
    process.stderr.write(
      `\n${line}\nDOVECOT IS NOT INSTALLED: the checks against a real mail server DO NOT RUN.\n` +
        `Missing: ${missing.join(', ')}\nInstall: apt-get install dovecot-imapd dovecot-pop3d\n${line}\n\n`,
    )
  }
  return false
}

/** Starts Dovecot and resolves once all ports greet. Throws with its log when they do not. */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  // Unix socket paths are limited to 108 bytes: keep the folder's own path short.
  const folder = await mkdtemp(join(tmpdir(), 'dc-'))
  const first = await freePort(3)
  const ports = { imapPort: first, imapsPort: first + 1, pop3sPort: first + 2 }
  const logFile = join(folder, 'log')
  const log = () => readFile(logFile, 'utf8').catch(() => '')
  await writeFiles(folder, options, ports)
  const child = spawn(binary, ['-F', '-c', join(folder, 'dovecot.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
  const complaints: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  // SIGTERM, not SIGKILL: only a master that ends in order takes its processes along.
  const leave = () => child.kill('SIGTERM')
  process.once('exit', leave)
  const stop = async () => {
    process.removeListener('exit', leave)
    await ended(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all([
      greeting(ports.imapPort, child, /^\* OK/),
      listening(ports.imapsPort, child),
      listening(ports.pop3sPort, child),
    ])
  } catch (error) {
    const why = `${(error as Error).message}\n${Buffer.concat(complaints)}\n${await log()}`
    await stop()
    throw new Error(`Dovecot did not start: ${why}`)
  }
  const forgetUids = async (user: string) => {
    const inbox = join(folder, 'mail', user)
    // The files that count UIDVALIDITY up stay, else the next one may be the last one again.
    const index = (await readdir(inbox)).filter((name) => /^dovecot(\.|-uidlist)/.test(name))
    await Promise.all(index.map((name) => rm(join(inbox, name), { recursive: true })))
  }
  const rewindUids = async (user: string, first = 1) => {
    const list = join(folder, 'mail', user, 'dovecot-uidlist')
    const [header = ''] = (await readFile(list, 'utf8')).split('\n')
    const { uid, gid } = await stat(list)
    await forgetUids(user)
    await writeFile(list, `${header.replace(/ N\d+/, ` N${first}`)}\n`)
    await chown(list, uid, gid)
  }
  const backUp = async (user: string) => {
    const [inbox, copy] = [join(folder, 'mail', user), join(folder, `${user}.${Date.now()}`)]
    // With its owner and times.
    execFileSync('cp', ['-a', inbox, copy])
    return async () => {
      await rm(inbox, { recursive: true })
      execFileSync('cp', ['-a', copy, inbox])
    }
  }
  return { host: '127.0.0.1', ...ports, forgetUids, rewindUids, backUp, log, stop }
}

interface Ports {
  imapPort: number
  imapsPort: number
  pop3sPort: number
}

async function writeFiles(folder: string, options: DovecotOptions, ports: Ports): Promise<void> {
  const root = process.getuid?.() === 0
  const owner = root ? idsOf('dovecot') : { uid: process.getuid!(), gid: process.getgid!() }
  const passwords = Object.entries(options.users).map(([user, password]) => `${user}:{PLAIN}${password}\n`)
  await Promise.all(['run', 'state', 'mail'].map((name) => mkdir(join(folder, name), { mode: 0o755 })))
  await writeFile(join(folder, 'users'), passwords.join(''))
  await writeFile(join(folder, 'cert.pem'), options.tls.cert)
  await writeFile(join(folder, 'key.pem'), options.tls.key, { mode: 0o600 })
  await writeFile(join(folder, 'log'), '')
  await writeFile(join(folder, 'dovecot.conf'), configuration(folder, options, ports, owner))
  if (options.introspectionUrl !== undefined) {
    await writeFile(join(folder, 'oauth2.conf'), introspection(options.introspectionUrl))
  }
  await chmod(folder, 0o755)
  if (root) for (const name of ['mail', 'state', 'log']) await chown(join(folder, name), owner.uid, owner.gid)
}

function configuration(
  folder: string,
  options: DovecotOptions,
  ports: Ports,
  owner: { uid: number; gid: number },
): string {
  const oauth = options.introspectionUrl !== undefined
  const root = process.getuid?.() === 0
  const self = userInfo().username
  const mechanisms = [
    'plain',
    'login',
    ...(oauth ? ['xoauth2'] : []),
    ...(oauth && options.oauthBearer ? ['oauthbearer'] : []),
  ]
  const unchrooted = ['anvil', 'stats', 'imap-login', 'pop3-login']
  return `
protocols = imap pop3
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
auth_verbose = yes
default_internal_user = ${root ? 'dovecot' : self}
default_internal_group = ${root ? 'dovecot' : execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}
default_login_user = ${root ? 'dovenull' : self}
first_valid_uid = ${root ? 0 : owner.uid}
first_valid_gid = 0
mail_location = maildir:${folder}/mail/%u
mail_fsync = never
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = ${mechanisms.join(' ')}
auth_failure_delay = 0
shutdown_clients = yes
passdb {
  driver = passwd-file
  args = ${folder}/users
}
${oauth ? `passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = ${folder}/oauth2.conf\n}` : ''}
userdb {
  driver = static
  args = uid=${owner.uid} gid=${owner.gid} home=${folder}/mail/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Trash {
    auto = subscribe
    special_use = \\Trash
  }
  mailbox Archive {
    auto = subscribe
    special_use = \\Archive
  }
}
service imap-login {
  inet_listener imap {
    port = ${ports.imapPort}
  }
  inet_listener imaps {
    port = ${ports.imapsPort}
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 0
  }
  inet_listener pop3s {
    port = ${ports.pop3sPort}
    ssl = yes
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${unchrooted.map((service) => `service ${service} {\n  chroot =\n}`).join('\n')}
`
}

function introspection(url: string): string {
  return `introspection_mode = post
introspection_url = ${url}
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
`
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

// A port that accepts proves nothing: Dovecot's master accepts before its login processes can run.
async function greeting(port: number, child: ChildProcess, expected: RegExp): Promise<void> {
  await retrying(child, () => firstBytes(port).then((text) => expected.test(text)))
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  await retrying(child, () => accepts(port))
}

async function retrying(child: ChildProcess, attempt: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    if (await attempt()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('no greeting within 10 s')
}

function firstBytes(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (text: string) => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(2_000, () => done(''))
    socket.once('data', (chunk) => done(chunk.toString()))
    socket.once('error', () => done('')).once('close', () => done(''))
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(impatience)
}
