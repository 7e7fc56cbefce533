/**
 * Somebody on call wants to know now whether a mailbox works, and if not, how far it comes (M-160). The provider is
 * asked first, at once and for a new token; then reading and sending are opened beside each other and closed again.
 * Nothing is fetched, sent or changed in the mailbox. Within ten seconds each part has its verdict, with the stage where
 * it stopped, who must act and what helps. What works now goes on now: the mailbox is polled, a gate that was closed
 * opens.
 */
import { translate } from '../../diagnosis/translate.js'
import { asGatewayError, type GatewayError, isStorageUnavailable } from '../../errors.js'
import { whoActs } from '../../model/attention.js'
import { stageOf } from '../../model/check-stage.js'
import type { CheckedMailbox, CheckedPart } from '../../model/checked-mailbox.js'
import type { Connection } from '../../model/connection.js'
import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import { connectionIdsOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { trySession } from '../../ports/try-session.js'
import { findConnection } from '../../rows/connections.js'
import { readLane } from '../../rows/lane.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { pollNow } from '../receive/poll-now.js'
import { findReceiveRoute } from '../receive/receive-route.js'
import { openGate } from '../send/gate.js'
import { wakeMailboxes } from '../send/retry-connections.js'
import { findRoute } from '../send/send-route.js'
import { tryGrant } from '../tokens/retry-grant.js'
import { whoActsFor } from './retry-connection.js'

const checkMs = 10_000

const unanswered = (): GatewayError => translate({ context: 'net', net: 'ETIMEDOUT' })

/** What trying something showed. */
type Tried = 'works' | 'opened' | 'untried' | GatewayError

export async function checkMailbox(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<CheckedMailbox> {
  const mailbox = await getMailbox(deps, tenant, mailboxId)
  const time = new AbortController()
  const late = deps.clock
    .sleep(checkMs, time.signal)
    .then(() => time.abort())
    .catch(() => undefined)
    .then(unanswered)
  const inTime = (work: () => Promise<Tried>): Promise<Tried> => Promise.race([late, tried(work)])
  try {
    return await check(deps, { mailbox, inTime, signal: time.signal })
  } finally {
    time.abort()
  }
}

/** One check of a mailbox; `signal` and `inTime` end what takes longer than it may. */
interface Check {
  mailbox: Mailbox
  inTime(work: () => Promise<Tried>): Promise<Tried>
  signal: AbortSignal
}

async function check(deps: Toolbox, of: Check): Promise<CheckedMailbox> {
  const { mailbox, inTime, signal } = of
  const signIns = await Promise.all(connectionIdsOf(mailbox).map((id) => signIn(deps, of, id)))
  const { receive, send } = mailbox
  const isIn = (side: Mailbox['receive'] | Mailbox['send']): boolean =>
    side.transport !== 'none' &&
    !signal.aborted &&
    signIns.some(({ id, failed }) => id === side.connectionId && failed === undefined)
  const [reading, sending] = await Promise.all([
    isIn(receive) ? inTime(() => openReceiving(deps, mailbox, signal)) : undefined,
    isIn(send) ? inTime(() => openSending(deps, mailbox, signal)) : undefined,
  ])
  if (mailbox.active) await goOn(deps, mailbox, { reading, sending })
  const verdicts = { reading: partOf(reading), sending: partOf(sending) }
  return { signIn: signInOf(signIns, verdicts), ...verdicts }
}

interface SignInTried {
  id: string
  mode: Connection['mode'] | undefined
  failed: CheckedPart | undefined
}

/** Of a password only the mail servers know whether it is right; a relay without sign-in asks for none. */
async function signIn(deps: Toolbox, { mailbox, inTime }: Check, id: string): Promise<SignInTried> {
  const { tenant } = mailbox
  const connection = await findConnection(deps, tenant, id)
  const { mode, registrationId = '', state } = connection ?? {}
  if (mode !== 'delegated' && mode !== 'app-only') return { id, mode, failed: undefined }
  const said = await inTime(async () => (await tryGrant(deps, tenant, id)) ?? 'works')
  if (typeof said === 'string') {
    if (state !== 'connected') await wakeMailboxes(deps, tenant, id)
    return { id, mode, failed: undefined }
  }
  const actor = await whoActsFor(deps, tenant, { connectionId: id, registrationId, refusal: said })
  return { id, mode, failed: { ...partOf(said), whoActs: actor } }
}

function signInOf(tried: readonly SignInTried[], directions: Omit<CheckedMailbox, 'signIn'>): CheckedPart {
  const failed = tried.find((one) => one.failed !== undefined)?.failed
  if (failed !== undefined) return failed
  if (tried.some(({ mode }) => mode === 'delegated' || mode === 'app-only')) return partOf('works')
  if (!tried.some(({ mode }) => mode === 'password')) return partOf(undefined)
  const parts = Object.values(directions)
  const refused = parts.find(({ stage, verdict }) => verdict === 'fails' && stage === 'sign-in')
  return refused ?? partOf(parts.some(({ verdict }) => verdict === 'works') ? 'works' : undefined)
}

async function openReceiving(deps: Toolbox, mailbox: Mailbox, signal: AbortSignal): Promise<Tried> {
  const route = await findReceiveRoute(deps, mailbox)
  if (route === undefined) return 'opened'
  return trySession(() => deps.receivers[route.target.transport].open(route.target, route.authority, signal))
}

async function openSending(deps: Toolbox, mailbox: Mailbox, signal: AbortSignal): Promise<Tried> {
  const { sender, target, authority } = await findRoute(deps, mailbox, deps.config)
  return trySession(() => sender.open(target, authority, signal))
}

/** Faults of our own are no verdict about a mailbox. */
async function tried(work: () => Promise<Tried>): Promise<Tried> {
  let said: Tried
  try {
    said = await work()
  } catch (error) {
    said = asGatewayError(error)
  }
  if (typeof said === 'object' && (isStorageUnavailable(said) || said.code === 'unexpected')) throw said
  // A server that was given up after ten seconds.
  return typeof said === 'object' && said.code === 'stopped' ? unanswered() : said
}

/** A gate that is open stays as it is: what a server said about mails that were refused is not disproved by opening. */
async function goOn(
  deps: Toolbox,
  { tenant, id }: Mailbox,
  { reading, sending }: { reading: Tried | undefined; sending: Tried | undefined },
): Promise<void> {
  if (reading === 'works') await pollNow(deps, { tenant, mailboxId: id })
  if (typeof sending !== 'string') return
  const { gate, pausedUntil } = await readLane(deps, { tenant, mailboxId: id })
  if (gate === 'closed' || pausedUntil > deps.clock.now()) await openGate(deps, { tenant, mailboxId: id })
}

const nothing = { stage: null, code: null, whoActs: null, description: null, remedy: null }

function partOf(said: Tried | undefined): CheckedPart {
  if (said === undefined) return { verdict: 'not-tested', ...nothing }
  if (said === 'works') return { verdict: 'works', ...nothing }
  if (said === 'opened' || said === 'untried')
    return {
      ...nothing,
      verdict: 'not-tested',
      stage: 'send-right',
      description:
        said === 'opened'
          ? 'The mailbox can be opened for sending; only a mail shows whether it may send.'
          : 'The connection may send and not open the mailbox; only a mail shows whether sending works.',
      remedy: 'Send a test mail.',
    }
  const { code, class: errorClass, hint = '', description, remedy } = said
  // What nobody placed came from a server that had answered.
  const stage = stageOf(code) ?? 'sign-in'
  return { verdict: 'fails', stage, code, whoActs: whoActs(errorClass, hint), description, remedy }
}
