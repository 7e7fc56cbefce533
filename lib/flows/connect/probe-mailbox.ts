/**
 * Tries fresh authority at the mail services: opens reading and sending and closes them again, each with its own
 * verdict. A service that is late takes nothing from what the other one has shown.
 */
import { asGatewayError } from '../../errors.js'
import type { Resource } from '../../model/connection.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import type { ReceiveTarget, SendTarget } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { ProviderRules } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { trySession } from '../../ports/try-session.js'

/** A try-out of freshly gained authority; every part has its own verdict (M-072). */
export interface ProbeInput {
  authority: Authority
  /** Whose token it is: one that lacks what a direction needs is named before a server is asked. */
  of?: { provider: ProviderRules; resource: Resource }
  receive?: ReceiveTarget
  send?: SendTarget
  /** Ends the probe after its budget. */
  signal: AbortSignal
}

export async function probeMailbox(deps: Pick<Toolbox, 'receivers' | 'senders'>, input: ProbeInput): Promise<Verdicts> {
  const { authority, receive, send, of, signal } = input
  const allowed = async (direction: 'receive' | 'send', target: ReceiveTarget | SendTarget): Promise<void> => {
    if (!of || authority.kind !== 'bearer') return
    of.provider.checkToken(await authority.token(), of.resource, of.provider.neededScopes(direction, target))
  }
  const typed = authority.kind !== 'bearer'
  const late = new Promise<Verdict>((done) => {
    signal.addEventListener('abort', () => done(typed ? unreachable : untested), { once: true })
  })
  const inTime = (open: Parameters<typeof tried>[1]): Promise<Verdict> => Promise.race([late, tried(typed, open)])
  const [reading, sending] = await Promise.all([
    receive
      ? inTime(async () => {
          await allowed('receive', receive)
          return deps.receivers[receive.transport].open(receive, authority, signal)
        })
      : untested,
    send
      ? inTime(async () => {
          await allowed('send', send)
          return deps.senders[send.transport].open(send, authority, signal)
        })
      : untested,
  ])
  return { signIn: signInVerdict(input, reading, sending), reading, sending }
}

/**
 * A person typed host and port: whether nothing listens there, something else does, a firewall drops the packets or the
 * name is an internal one is all one answer, so that nobody scans networks with sign-ins (SEC-25).
 */
export const unreachable = {
  verdict: 'fails',
  code: 'server_unreachable',
  text: 'No mail server could be reached at this host and port.',
  remedy:
    'Check the host name, port (993, 143, 465 or 587) and encryption; the server must be reachable over the internet.',
} as const satisfies Verdict

const aboutCertificates = /^net_(cert|depth|self_signed|unable_to|err_tls)/

const unspecificCodes: ReadonlySet<string> = new Set([
  'host_not_allowed',
  'imap_answer_too_large',
  'imap_greeting_unreadable',
  'imap_unreadable_reply',
  'smtp_unreadable_reply',
  'stopped',
  'unclassified',
])

const revealsNetwork = (code: string): boolean =>
  unspecificCodes.has(code) || (code.startsWith('net_') && !aboutCertificates.test(code))

const untested: Verdict = { verdict: 'not-tested' }

async function tried(typed: boolean, open: Parameters<typeof trySession>[0]): Promise<Verdict> {
  try {
    // Graph takes a mail for sending from a mailbox that may not send; only what was tried is said to work (T3).
    const said = await trySession(open)
    if (said === 'untried') return untested
    return said === 'opened' ? { verdict: 'not-tested', opened: true } : { verdict: 'works' }
  } catch (error) {
    const verdict = failed(error)
    return typed && revealsNetwork(verdict.code) ? unreachable : verdict
  }
}

export function failed(error: unknown): Extract<Verdict, { verdict: 'fails' }> {
  const { code, description, remedy } = asGatewayError(error)
  return { verdict: 'fails', code, text: description, remedy }
}

/** A provider has said who signed in; a password is proven by the first server that accepts it. */
function signInVerdict({ authority }: ProbeInput, reading: Verdict, sending: Verdict): Verdict {
  if (authority.kind !== 'password') return { verdict: 'works' }
  if (reading.verdict === 'works' || sending.verdict === 'works') return { verdict: 'works' }
  return [reading, sending].find(({ verdict }) => verdict === 'fails') ?? unreachable
}
