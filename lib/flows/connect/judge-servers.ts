/**
 * Are the servers that a person typed good enough to be kept? One that was not reached is most likely a typing mistake,
 * so nothing is kept, the link stays usable and the fields at fault are named. A reconnect never replaces a server by
 * one that was not both reached and logged in to; the server of before may refuse this or that direction, or be away,
 * which is a verdict.
 */
import { GatewayError, type Problem } from '../../errors.js'
import type { ServerAddress } from '../../model/mailbox.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import { unreachable } from './probe-mailbox.js'

export interface TypedServers {
  imap?: ServerAddress | undefined
  smtp?: ServerAddress | undefined
}

const sides = {
  imap: { verdict: 'reading', name: 'incoming mail' },
  smtp: { verdict: 'sending', name: 'outgoing mail' },
} as const

/**
 * A server of before that does not answer replaces nothing. When the other one accepted the new password, that is all
 * there is to know today: a reconnect must not wait for a server to come back.
 */
export function excuseStoredServers(verdicts: Verdicts, typed: TypedServers, stored: TypedServers = {}): Verdicts {
  if (verdicts.signIn.verdict !== 'works') return verdicts
  const judged = { ...verdicts }
  for (const kind of ['imap', 'smtp'] as const) {
    const server = typed[kind]
    const { verdict: direction } = sides[kind]
    const verdict = verdicts[direction]
    const isAway =
      verdict.verdict === 'not-tested' || (verdict.verdict === 'fails' && verdict.code === unreachable.code)
    if (server !== undefined && isAway && isSame(server, stored[kind]))
      judged[direction] = { verdict: 'not-tested', unanswered: true }
  }
  return judged
}

/** The refusal with every field at fault, or nothing. `stored`: servers of the mailbox that is reconnected. */
export function refusedServers(
  verdicts: Verdicts,
  typed: TypedServers,
  stored?: TypedServers,
): GatewayError | undefined {
  const problems: Problem[] = []
  let first: Extract<Verdict, { verdict: 'fails' }> | undefined
  let side: 'imap' | 'smtp' | undefined
  const codes: Record<string, string> = {}
  for (const kind of ['imap', 'smtp'] as const) {
    const server = typed[kind]
    const verdict = verdicts[sides[kind].verdict]
    if (server === undefined || verdict.verdict === 'works') continue
    if (verdict.verdict === 'not-tested' && verdict.unanswered) continue
    const failure = verdict.verdict === 'fails' ? verdict : unreachable
    const counts =
      failure.code === unreachable.code ||
      verdicts.signIn.verdict === 'fails' ||
      (stored !== undefined && !isSame(server, stored[kind]))
    if (!counts) continue
    first ??= failure
    side ??= kind
    codes[`${kind}Code`] = failure.code
    problems.push(...problemsOf(kind, server, failure))
  }
  if (verdicts.signIn.verdict === 'fails') first ??= verdicts.signIn
  if (first === undefined) return undefined
  const isReach = first.code === unreachable.code
  return new GatewayError(first.code, 'needs-reconnect', {
    status: 400,
    ...(problems[0] ? { field: problems[0].field } : {}),
    problems,
    ...(side ? { values: { kind: side, ...codes } } : {}),
    description: isReach ? (problems[0]?.message ?? first.text) : first.text,
    remedy: first.remedy,
  })
}

/** A mailbox that works with a password moves to a provider only when what it does works there too. */
export function refusedSwitch(
  verdicts: Verdicts,
  target: { receive: boolean; send: boolean },
): GatewayError | undefined {
  const asked = [target.receive && verdicts.reading, target.send && verdicts.sending]
  const failing = asked.find(
    (one) => one !== false && one.verdict !== 'works' && !(one.verdict === 'not-tested' && one.opened),
  )
  if (!failing) return undefined
  const { code, text, remedy } = failing.verdict === 'fails' ? failing : late
  return new GatewayError(code, 'needs-reconnect', {
    status: 409,
    description: `${text} The mailbox stays connected as it was.`,
    remedy,
  })
}

const late = {
  code: 'server_unreachable',
  text: 'The gateway could not test the mailbox with the new provider in time.',
  remedy: 'Try again with the same link in a few minutes.',
}

function problemsOf(
  kind: 'imap' | 'smtp',
  { host, port }: ServerAddress,
  { code, text }: { code: string; text: string },
) {
  const about = `The server for ${sides[kind].name}, ${host}, port ${port}`
  if (code === unreachable.code) {
    const message = `${about}, could not be reached.`
    return [`${kind}Host`, `${kind}Port`, `${kind}Tls`].map((field) => ({ field, message }))
  }
  const fields = isAboutConnection(code) ? [`${kind}Host`, `${kind}Port`, `${kind}Tls`] : ['username', 'password']
  return fields.map((field) => ({ field, message: `${about}, answers: ${text}` }))
}

/** Certificates and encryption: another password would not help. */
export const isAboutConnection = (code: string): boolean =>
  code.startsWith('net_') || /tls|privacyrequired|_530|_538|5_7_1[01]$/.test(code)

const isSame = (one: ServerAddress, other: ServerAddress | undefined): boolean =>
  other !== undefined && one.host === other.host.toLowerCase() && one.port === other.port && one.tls === other.tls
