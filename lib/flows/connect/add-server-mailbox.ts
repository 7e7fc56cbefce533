/**
 * An administrator names a mailbox at mail servers, with what opens them: nobody has to sign in to a page (M-145). It
 * may only receive or only send; reading and sending may have one account or two (M-090), and a relay may want none
 * (M-025).
 *
 * First everything that can be judged without a server: directions, encryption, ports, whether the address is free. Then
 * both directions are tried at once, each with its own account. Only when every direction that was asked for works is
 * anything stored: connections with their secrets, then the names, last the mailbox itself. `dryRun` ends before.
 *
 * What is refused, by whom: a field, by us; a server that was not reached, or says no to the account, by a problem of
 * that field with the server's verdict. Something that fails while it is stored is undone; after a crash the same call
 * made again makes the mailbox, and a connection that was left without one can be removed.
 */
import { type Problem, RowExistsError } from '../../errors.js'
import { plainTextRefused, refusedCombination } from '../../model/combinations.js'
import { hashId, newId } from '../../model/ids.js'
import { type MailboxWarning, mailboxWarnings } from '../../model/mailbox-warnings.js'
import { refusedInput } from '../../model/parse.js'
import type { ServerMailboxInput } from '../../model/server-mailbox-schemas.js'
import type { Verdicts } from '../../model/sign-in.js'
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { releaseHold, takeHold } from '../../rows/holders.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { removeNamesOf } from '../../rows/names.js'
import { disconnectUnused, saveAccount } from './account-connection.js'
import { namePart } from './add-mailbox.js'
import { areServersOf } from './prove-address.js'
import { assertNamesFree, createMailbox, mailboxExists } from './save-mailbox.js'
import { tellConnected } from './tell-connected.js'
import { type Account, accountsOf, refusedServerTest, tryServers, type WantedServers } from './try-servers.js'

export interface ServerMailboxAdded {
  /** Empty when nothing was stored, because only a test was asked for. */
  mailboxId: string
  address: string
  /** Empty for a direction that is not used; the same when one account serves both. */
  receiveConnectionId: string
  sendConnectionId: string
  verdicts: Verdicts
  warnings: MailboxWarning[]
}

/** Errors: `invalid_input`, `mailbox_exists`, `mailbox_name_taken`, `mailbox_held`, `mail_server_test_failed`. */
export async function addServerMailbox(
  deps: Toolbox,
  tenant: string,
  { input, dryRun = false }: { input: ServerMailboxInput; dryRun?: boolean },
): Promise<ServerMailboxAdded> {
  const { address } = input
  const accounts = accountsOf(input)
  const problems = await problemsOf(deps, input, accounts)
  if (problems.length > 0) throw refusedInput(problems)
  // The same id for the same wish, so that a repetition after a crash finishes what was begun.
  const owner = { tenant, mailboxId: hashId('mail-server', tenant, address.toLowerCase(), ...namePart(input.name)) }
  await assertNamesFree(deps, owner, input)
  if ((await findMailbox(deps, tenant, owner.mailboxId)) !== undefined) throw mailboxExists()

  const [verdicts, isProven] = await Promise.all([
    tryServers(deps, input, accounts),
    isOfAddress(deps, input, accounts),
  ])
  const nothing = { mailboxId: '', address, receiveConnectionId: '', sendConnectionId: '', verdicts }
  if (dryRun) return { ...nothing, warnings: [] }
  const refusal = refusedServerTest({ receive: input.receive !== undefined, send: input.send !== undefined }, verdicts)
  if (refusal) throw refusal
  const made = await store(deps, { owner, input, accounts, isProven })
  return { ...nothing, ...made, mailboxId: owner.mailboxId }
}

/** All that is wrong before a server is asked. */
async function problemsOf(
  deps: Toolbox,
  { receive, send }: ServerMailboxInput,
  accounts: WantedServers,
): Promise<Problem[]> {
  const sides = [
    ...(receive ? [{ direction: 'receive' as const, transport: 'imap' as const, server: receive.imap }] : []),
    ...(send ? [{ direction: 'send' as const, transport: 'smtp' as const, server: send.smtp }] : []),
  ]
  const found: Problem[] = []
  for (const { direction, transport, server } of sides) {
    const place = `${direction}.${transport}`
    const mode = accounts[direction]?.mode ?? 'password'
    const refused = refusedCombination({ direction, mode, provider: 'basic', transport, tls: server.tls })
    if (refused) found.push(refused)
    else if (server.tls === 'plain' && !(await deps.isPlainTextHost(server.host)))
      found.push({ field: `${place}.tls`, message: plainTextRefused })
    if (!deps.allowPort(server.port))
      found.push({
        field: `${place}.port`,
        message: `must be a port of mail: ${transport === 'imap' ? '993 or 143' : '465, 587, 25 or 2525'}.`,
      })
  }
  return found
}

/** Only who may speak for the address keeps other tenants from it; a relay without sign-in proves nothing. */
async function isOfAddress(
  deps: Toolbox,
  { address, receive, send }: ServerMailboxInput,
  accounts: WantedServers,
): Promise<boolean> {
  const account = accounts.receive ?? accounts.send
  if (account?.mode !== 'password') return false
  const servers = {
    ...(receive ? { imap: receive.imap } : {}),
    ...(send && accounts.send === account ? { smtp: send.smtp } : {}),
  }
  return areServersOf(deps, address, { ...servers, username: account.username })
}

interface Storing {
  owner: { tenant: string; mailboxId: string }
  input: ServerMailboxInput
  accounts: WantedServers
  isProven: boolean
}

async function store(
  deps: Toolbox,
  { owner, input, accounts, isProven }: Storing,
): Promise<Pick<ServerMailboxAdded, 'receiveConnectionId' | 'sendConnectionId' | 'warnings'>> {
  const { tenant, mailboxId } = owner
  const { address, name, displayName, receive, send } = input
  const ids = new Map<Account, string>()
  for (const account of [accounts.receive, accounts.send]) if (account && !ids.has(account)) ids.set(account, newId())
  const idOf = (account: Account | undefined): string => (account && ids.get(account)) ?? ''
  const [receiveConnectionId, sendConnectionId] = [idOf(accounts.receive), idOf(accounts.send)]
  const claimant = { ...owner, address }
  try {
    if (isProven) await takeHold(deps, claimant)
    for (const [account, connectionId] of ids) await saveAccount(deps, { tenant, connectionId, account })
    await createMailbox(
      deps,
      { ...owner, connectionId: receiveConnectionId, sendConnectionId, address, name, displayName },
      {
        ...(receive ? { receive: { transport: 'imap', imap: receive.imap } } : {}),
        ...(send ? { send: { transport: 'smtp', smtp: send.smtp } } : {}),
      },
    )
    // Two of the same call at once: one of them made the mailbox.
    const { receive: reading, send: sending } = (await findMailbox(deps, tenant, mailboxId))!
    if (connectionOf(reading) !== receiveConnectionId || connectionOf(sending) !== sendConnectionId)
      throw mailboxExists()
    if (receive) await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, deps.clock.now())
    for (const connectionId of ids.values())
      await tellConnected(deps, { ...owner, connectionId }, String(deps.clock.now()))
    const used = [...ids].map(([{ mode }, id]) => ({ id, mode, scopes: [] }))
    const warnings = mailboxWarnings({ receive: reading, send: sending }, used)
    return { receiveConnectionId, sendConnectionId, warnings }
  } catch (error) {
    await disconnectUnused(deps, owner, [...ids.values()]).catch(() => undefined)
    if ((await findMailbox(deps, tenant, mailboxId).catch(() => true)) === undefined) {
      await removeNamesOf(deps, owner).catch(() => undefined)
      if (isProven) await releaseHold(deps, claimant).catch(() => undefined)
    }
    throw error instanceof RowExistsError ? mailboxExists() : error
  }
}
