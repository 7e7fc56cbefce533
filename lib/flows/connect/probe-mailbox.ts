/** Tries fresh authority at the mail services: opens reading and sending and closes them again, each with its own verdict. */
import { asGatewayError } from '../../errors.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import type { Receiver, ReceiveSession, ReceiveTarget } from '../../ports/receiver.js'
import type { Sender, SendSession, SendTarget } from '../../ports/sender.js'
import { checkToken } from '../../protocol/token-claims.js'
import type { ProbeInput } from './connect-dependencies.js'

export interface ProbeDependencies {
  receiver(transport: ReceiveTarget['transport']): Promise<Receiver>
  sender(transport: SendTarget['transport']): Promise<Sender>
}

export async function probeMailbox(deps: ProbeDependencies, input: ProbeInput): Promise<Verdicts> {
  const { authority, receive, send, needed, signal } = input
  const allowed = async (scopes: readonly string[] | undefined): Promise<void> => {
    if (needed && scopes && authority.kind === 'bearer')
      checkToken((await authority.token()).reveal(), needed.resource, scopes)
  }
  const [reading, sending] = await Promise.all([
    receive
      ? tried(async () => {
          await allowed(needed?.reading)
          return (await deps.receiver(receive.transport)).open(receive, authority, signal)
        })
      : untested,
    send
      ? tried(async () => {
          await allowed(needed?.sending)
          return (await deps.sender(send.transport)).open(send, authority, signal)
        })
      : untested,
  ])
  return { signIn: signInVerdict(input, reading, sending), reading, sending }
}

const untested: Verdict = { verdict: 'not-tested' }

async function tried(open: () => Promise<Pick<ReceiveSession | SendSession, 'check' | 'close'>>): Promise<Verdict> {
  try {
    const session = await open()
    try {
      await session.check?.()
    } finally {
      await session.close().catch(() => undefined)
    }
    return { verdict: 'works' }
  } catch (error) {
    const { code, description, remedy } = asGatewayError(error)
    return { verdict: 'fails', code, text: description, remedy }
  }
}

/** A provider has said who signed in; a password is proven by the first server that accepts it. */
function signInVerdict({ authority }: ProbeInput, reading: Verdict, sending: Verdict): Verdict {
  if (authority.kind !== 'password') return { verdict: 'works' }
  if (reading.verdict === 'works' || sending.verdict === 'works') return { verdict: 'works' }
  return reading.verdict === 'fails' ? reading : sending
}
