/**
 * What a tenant, a purpose or a mailbox chooses for itself, and what counts in the end with who said it (M-004). A
 * level is saved as a whole: everything is checked first and every problem named, then one conditional write replaces
 * it, so a refused or interrupted save leaves what was there (M-007). Without a value a level says nothing and the next
 * one counts.
 */
import { GatewayError, invalidInput, type Problem } from '../../errors.js'
import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import {
  type EffectiveSetting,
  resolveSettings,
  type SettingLevel,
  type SettingValue,
  type SettingValues,
} from '../../model/setting.js'
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { getMailbox, updateMailbox } from '../../rows/mailboxes.js'
import { forgetTenantSettings, levelsOf, saveTenantValues, tenantSettings } from '../../rows/settings.js'
import { checkReceiveGrant } from './check-grant.js'

export interface SettingsView {
  /** What this level itself says. */
  own: SettingValues
  settings: EffectiveSetting[]
}

export interface SaveOptions {
  /** Replace what this level said. */
  values: SettingValues
  /** Checks and shows what would count, and changes nothing. */
  dryRun?: boolean
}

/** `purpose` empty: the tenant's own level. */
export async function readTenantSettings(deps: Toolbox, tenant: string, purpose = ''): Promise<SettingsView> {
  forgetTenantSettings(deps, tenant)
  return viewOf(deps, await tenantLevels(deps, tenant, purpose))
}

export async function saveTenantSettings(
  deps: Toolbox,
  { tenant, purpose }: { tenant: string; purpose: string },
  { values, dryRun = false }: SaveOptions,
): Promise<SettingsView> {
  if (purpose.length > 50) throw invalidInput('purpose', 'must have at most 50 characters.')
  forgetTenantSettings(deps, tenant)
  const [own, ...rest] = await tenantLevels(deps, tenant, purpose)
  const view = checked(deps, [[own![0], values], ...rest])
  if (dryRun) return view
  await saveTenantValues(deps, tenant, { purpose, values })
  return view
}

export async function readMailboxSettings(deps: Toolbox, tenant: string, id: string): Promise<SettingsView> {
  const mailbox = await getMailbox(deps, tenant, id)
  forgetTenantSettings(deps, tenant)
  return viewOf(deps, await levelsOf(deps, mailbox))
}

export async function saveMailboxSettings(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  { values, dryRun = false }: SaveOptions,
): Promise<SettingsView> {
  const { etag, ...before } = await getMailbox(deps, tenant, mailboxId)
  forgetTenantSettings(deps, tenant)
  const mailbox = { ...withoutChoices(before), settings: values }
  const view = checked(deps, await levelsOf(deps, mailbox))
  const connectionId = values['afterReceive'] === undefined ? '' : connectionOf(mailbox.receive)
  const connection = connectionId === '' ? undefined : await findConnection(deps, tenant, connectionId)
  if (connection !== undefined) await checkReceiveGrant(deps, mailbox, { connection, field: 'afterReceive' })
  if (dryRun) return view
  await updateMailbox(deps, mailbox, etag)
  // Another interval counts from now, not from the end of the old one.
  if (mailbox.active && mailbox.receive.transport !== 'none')
    await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, deps.clock.now())
  return view
}

/** The settings replace what was chosen together with a transport, so that nothing outvotes them. */
function withoutChoices(mailbox: Mailbox): Mailbox {
  const receive = { ...mailbox.receive }
  if (receive.transport !== 'none') delete receive.after
  const send = mailbox.send.transport === 'smtp' ? { ...mailbox.send, smtp: { ...mailbox.send.smtp } } : mailbox.send
  if (send.transport === 'smtp') delete send.smtp.messagesPerSession
  return { ...mailbox, receive, send }
}

async function tenantLevels(deps: Toolbox, tenant: string, purpose: string): Promise<SettingLevel[]> {
  const settings = await tenantSettings(deps, tenant)
  const own: SettingLevel = ['tenant', settings.tenant]
  return purpose === '' ? [own] : [['purpose', settings.ofPurpose(purpose)], own]
}

function viewOf(deps: Toolbox, levels: SettingLevel[]): SettingsView {
  return { own: levels[0]?.[1] ?? {}, settings: resolveSettings(deps.config.adjustable, levels) }
}

/** Every problem of the first level at once. */
function checked(deps: Toolbox, levels: SettingLevel[]): SettingsView {
  const own = levels[0]?.[1] ?? {}
  const rules = new Map(deps.config.adjustable.map((rule) => [rule.name, rule]))
  const problems: Problem[] = []
  for (const [field, value] of Object.entries(own)) {
    const rule = rules.get(field)
    const message =
      rule === undefined ? `is not a setting; the settings are ${[...rules.keys()].join(', ')}.` : rule.wrong(value)
    if (message !== undefined) problems.push({ field, message })
  }
  const view = viewOf(deps, levels)
  const effective = (name: string): SettingValue => view.settings.find((one) => one.name === name)?.value ?? 0
  if (effective('pollMinSeconds') > effective('pollMaxSeconds'))
    problems.push({
      field: 'pollMinSeconds',
      message: `would be ${effective('pollMinSeconds')}, greater than pollMaxSeconds (${effective('pollMaxSeconds')}); lower it or raise the other.`,
    })
  const [first] = problems
  if (first === undefined) return view
  throw new GatewayError('settings_refused', 'permanent', {
    status: 400,
    field: first.field,
    description: problems.map(({ field, message }) => `${field} ${message}`).join(' · '),
    remedy: 'Correct the named settings and save them again; nothing was changed.',
    problems,
  })
}
