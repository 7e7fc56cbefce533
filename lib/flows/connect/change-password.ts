/**
 * An administrator gives a connection another password, without its owner and without a browser. It is tried at the
 * servers of the mailboxes that use the connection, and stored only when they take it: until then, and when they do
 * not, the old one stays and goes on working (M-069). Mailbox, cursor and history stay as they are.
 *
 * A server that does not answer today says nothing about a password that another one took. What opened before goes on
 * at once: the mailboxes are polled, and mail that waited may go.
 */
import { conflict, notFound, RowChangedError } from '../../errors.js'
import { isId } from '../../model/ids.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { PasswordChangeInput } from '../../model/server-mailbox-schemas.js'
import type { Verdicts } from '../../model/sign-in.js'
import { connectionIdsOf, connectionOf, receiveTransports, sendTransports, serverOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection, type StoredConnection } from '../../rows/connections.js'
import { listMailboxes } from '../../rows/mailboxes.js'
import { Secret } from '../../secret.js'
import { replaceAccount } from './account-connection.js'
import { reopen } from './confirm-now.js'
import { unreachable } from './probe-mailbox.js'
import { tellConnected } from './tell-connected.js'
import { probeInTime } from './try-out.js'
import { type Account, authorityOf, refusedServerTest } from './try-servers.js'

export interface PasswordChanged {
  connectionId: string
  username: string
  /** What the servers of each mailbox said; of many mailboxes at the same servers, one. */
  tested: { mailboxId: string; verdicts: Verdicts }[]
}

/** Servers that one call asks. */
const mostTested = 10

/** Errors: `not_found`, `password_not_used`, `connection_unused`, `mail_server_test_failed`, `changed_meanwhile`. */
export async function changePassword(
  deps: Toolbox,
  { tenant, connectionId }: { tenant: string; connectionId: string },
  input: PasswordChangeInput,
): Promise<PasswordChanged> {
  const known = isId(connectionId) ? await findConnection(deps, tenant, connectionId) : undefined
  if (known === undefined) throw notFound('connection')
  if (known.mode !== 'password') throw passwordNotUsed()
  const username = input.username ?? known.username
  const account: Account = { mode: 'password', username, password: new Secret(input.password) }
  const mailboxes = (await listMailboxes(deps, tenant)).filter((one) => connectionIdsOf(one).includes(connectionId))
  const asked = atOwnServers(mailboxes, connectionId).slice(0, mostTested)
  if (asked.length === 0) throw unused()
  const tested = await Promise.all(
    asked.map(async (mailbox) => ({
      mailboxId: mailbox.id,
      verdicts: await probeInTime(deps, {
        authority: authorityOf(account, mailbox.address),
        ...targetsAt(mailbox, known),
      }),
    })),
  )
  const refusal = refusedBy(tested.map(({ verdicts }) => verdicts))
  if (refusal) throw refusal
  await replaceAccount(deps, { tenant, connectionId, account }).catch((error: unknown) => {
    throw error instanceof RowChangedError ? changedMeanwhile() : error
  })
  await reopen(deps, tenant, connectionId)
  await tellConnected(deps, { tenant, mailboxId: asked[0]!.id, connectionId }, String(deps.clock.now()))
  return { connectionId, username, tested }
}

/** What of a mailbox the connection opens. */
function targetsAt(mailbox: Mailbox, connection: StoredConnection) {
  const { receive, send, address } = mailbox
  const of = { connection, address }
  return {
    ...(receive.transport !== 'none' && receive.connectionId === connection.id
      ? { receive: receiveTransports[receive.transport].target(receive, of) }
      : {}),
    ...(send.transport !== 'none' && send.connectionId === connection.id
      ? { send: sendTransports[send.transport].target(send, of) }
      : {}),
  }
}

/** One of each set of servers. */
function atOwnServers(mailboxes: readonly Mailbox[], connectionId: string): Mailbox[] {
  const placeOf = (side: Mailbox['receive'] | Mailbox['send']): string => {
    const server = connectionOf(side) === connectionId ? serverOf(side) : undefined
    return server ? `${server.host.toLowerCase()}:${server.port}` : ''
  }
  const found = new Map(mailboxes.map((one) => [`${placeOf(one.receive)} ${placeOf(one.send)}`, one]))
  return [...found.values()]
}

function refusedBy(verdicts: readonly Verdicts[]) {
  const all = verdicts.flatMap(({ reading, sending }) => [reading, sending])
  const isTaken = all.some(({ verdict }) => verdict === 'works')
  const untested = { verdict: 'not-tested' as const }
  for (const { reading, sending } of verdicts) {
    const [reads, sends] = [reading, sending].map((one) =>
      one.verdict === 'fails' && !(isTaken && one.code === unreachable.code) ? one : undefined,
    )
    if (reads || sends)
      return refusedServerTest(
        { receive: reads !== undefined, send: sends !== undefined },
        { signIn: untested, reading: reads ?? untested, sending: sends ?? untested },
      )
  }
  return undefined
}

const passwordNotUsed = () =>
  conflict(
    'password_not_used',
    'This connection does not sign in with a password.',
    'Create a reconnect link for the mailbox, or name the connection of a mailbox that uses a password.',
  )

const unused = () =>
  conflict(
    'connection_unused',
    'No mailbox uses this connection, so no server can test the password.',
    'Remove the connection, or let a mailbox use it first.',
  )

const changedMeanwhile = () =>
  conflict(
    'changed_meanwhile',
    'The connection was changed at the same time.',
    'Read it again, then repeat the change.',
  )
