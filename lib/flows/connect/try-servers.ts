/** Mail servers that an administrator named, tried with their accounts before anything is stored. */
import { GatewayError, type Problem } from '../../errors.js'
import type { ServerMailboxInput } from '../../model/server-mailbox-schemas.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import type { Authority } from '../../ports/authority.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { Secret } from '../../secret.js'
import { isAboutConnection } from './judge-servers.js'
import { unreachable } from './probe-mailbox.js'
import { probeInTime } from './try-out.js'

/** What opens a server. */
export type Account = { mode: 'password'; username: string; password: Secret } | { mode: 'anonymous' }

/** One and the same object when one account serves both directions. */
export interface WantedServers {
  receive?: Account
  send?: Account
}

export function accountsOf({ address, receive, send }: ServerMailboxInput): WantedServers {
  const read = receive?.login
  const wanted = send?.login ?? read
  const accountOf = ({ username = address, password }: NonNullable<typeof read>): Account => ({
    mode: 'password',
    username,
    password: new Secret(password),
  })
  const reading = read && accountOf(read)
  if (send === undefined || wanted === undefined) return reading ? { receive: reading } : {}
  if (wanted === 'none') return { ...(reading ? { receive: reading } : {}), send: { mode: 'anonymous' } }
  const isSame =
    read !== undefined &&
    wanted.password === read.password &&
    (wanted.username ?? address) === (read.username ?? address)
  return { ...(reading ? { receive: reading } : {}), send: reading && isSame ? reading : accountOf(wanted) }
}

/** As the servers see it; `from`: whose mail a relay is asked to take. */
export const authorityOf = (account: Account, from: string): Authority =>
  account.mode === 'anonymous'
    ? { kind: 'anonymous', from }
    : { kind: 'password', user: account.username, password: account.password }

/** Both directions at once, each with its own account. */
export async function tryServers(
  deps: Toolbox,
  { address, receive, send }: ServerMailboxInput,
  accounts: WantedServers,
): Promise<Verdicts> {
  const tried = await Promise.all(
    [...new Set([accounts.receive, accounts.send])].flatMap((account) => {
      if (account === undefined) return []
      const verdicts = probeInTime(deps, {
        authority: authorityOf(account, address),
        ...(receive && accounts.receive === account ? { receive: { transport: 'imap', imap: receive.imap } } : {}),
        ...(send && accounts.send === account ? { send: { transport: 'smtp', smtp: send.smtp } } : {}),
      })
      return [verdicts.then((said) => ({ account, ...said }))]
    }),
  )
  const signIns = tried.filter(({ account }) => account.mode === 'password').map(({ signIn }) => signIn)
  const untested: Verdict = { verdict: 'not-tested' }
  return {
    signIn: signIns.find(({ verdict }) => verdict === 'fails') ?? signIns[0] ?? untested,
    reading: tried.find(({ account }) => account === accounts.receive)?.reading ?? untested,
    sending: tried.find(({ account }) => account === accounts.send)?.sending ?? untested,
  }
}

/** Nothing is stored unless every direction that was asked for works; each that does not names its field. */
export function refusedServerTest(
  { receive, send }: { receive: boolean; send: boolean },
  { reading, sending }: Verdicts,
): GatewayError | undefined {
  const problems = [
    ...(receive ? problemOf('receive.imap', 'receive.login', reading) : []),
    ...(send ? problemOf('send.smtp', 'send.login', sending) : []),
  ]
  if (problems.length === 0) return undefined
  const words = [
    ...(receive ? [`reading ${reading.verdict}`] : []),
    ...(send ? [`sending ${sending.verdict}`] : []),
  ].join(', ')
  return new GatewayError('mail_server_test_failed', 'permanent', {
    status: 422,
    field: problems[0]!.field,
    problems,
    description: `The test of the mail servers failed, so nothing was stored: ${words}.`,
    remedy: 'Correct what `problems` names, then send the request again; ?dryRun=true tests without storing anything.',
  })
}

const internalToo =
  'Check the host name, port and encryption. A server in an internal network must also be in a network that the deployment permits (PERMITTED_MAIL_NETWORKS).'

function problemOf(server: string, login: string, verdict: Verdict): Problem[] {
  if (verdict.verdict === 'works') return []
  const { code, text, remedy } = verdict.verdict === 'fails' ? verdict : unreachable
  const isReached = code !== unreachable.code
  return [{ field: fieldOf(code, server, login), message: text, code, remedy: isReached ? remedy : internalToo }]
}

function fieldOf(code: string, server: string, login: string): string {
  if (code === unreachable.code) return `${server}.host`
  if (code === 'tls_untrusted') return `${server}.ca`
  // A relay that wants a login after all.
  if (code === 'smtp_530') return login
  return isAboutConnection(code) ? `${server}.tls` : login
}
