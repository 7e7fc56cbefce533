/**
 * Settings that tenants and mailboxes choose for themselves: mailbox → purpose → tenant → deployment → default, the
 * first that says something counts. Pure rules; which settings there are and what they may be is the table in
 * `lib/config/`.
 */
import type { AfterReceive, Mailbox } from './mailbox.js'

export type SettingValue = string | number
export type SettingValues = Readonly<Record<string, SettingValue>>
/** Who said it. */
export type SettingSource = 'mailbox' | 'purpose' | 'tenant' | 'deployment' | 'default'
export type SettingLevel = [source: SettingSource, values: SettingValues]

/** One row of the table, as the deployment has it. */
export interface SettingRule {
  name: string
  kind: 'text' | 'number'
  default: SettingValue
  value: SettingValue
  /** The deployment says so itself, instead of leaving the default. */
  chosen: boolean
  min?: number
  max?: number
  description: string
  /** Why a value cannot be had, with the limit and the cure. */
  wrong(value: unknown): string | undefined
}

export interface EffectiveSetting {
  name: string
  value: SettingValue
  source: SettingSource
  default: SettingValue
  min?: number
  max?: number
  description: string
}

/** Most specific level first. A value the deployment does not allow (any more) counts as not said. */
export function resolveSettings(rules: readonly SettingRule[], levels: readonly SettingLevel[]): EffectiveSetting[] {
  return rules.map((rule) => {
    const { name, description } = rule
    const saying = levels.find(([, values]) => Object.hasOwn(values, name) && rule.wrong(values[name]) === undefined)
    const own = rule.chosen ? 'deployment' : 'default'
    return {
      name,
      value: saying?.[1][name] ?? rule.value,
      source: saying?.[0] ?? own,
      default: rule.default,
      ...(rule.min !== undefined && rule.max !== undefined ? { min: rule.min, max: rule.max } : {}),
      description,
    }
  })
}

/** What a mailbox says itself; a choice made for its present transport is the more specific one. */
export function ownSettings({ settings = {}, receive, send }: Pick<Mailbox, 'settings' | 'receive' | 'send'>) {
  const after = receive.transport === 'none' ? undefined : receive.after
  const perSession = send.transport === 'smtp' ? send.smtp.messagesPerSession : undefined
  return {
    ...settings,
    ...(after === undefined ? {} : { afterReceive: afterReceiveText(after) }),
    ...(perSession === undefined ? {} : { messagesPerSession: perSession }),
  } as SettingValues
}

const afterReceiveText = (after: AfterReceive): string =>
  after.action === 'move' ? `move:${after.folder}` : after.action

export function parseAfterReceive(text: string): AfterReceive {
  if (text.startsWith('move:')) return { action: 'move', folder: text.slice('move:'.length) }
  return text === 'mark-read' || text === 'delete' ? { action: text } : { action: 'leave' }
}

/** How the flows hold them: field, factor to their unit, and whether the deployment's value bounds it. */
const held: Record<string, { field: string; factor?: number; bound?: 'ceiling' | 'floor' }> = {
  firstSyncDays: { field: 'firstSyncDays' },
  pollMinSeconds: { field: 'pollMinMs', factor: 1000, bound: 'floor' },
  pollMaxSeconds: { field: 'pollMaxMs', factor: 1000 },
  mailsPerPoll: { field: 'mailsPerPoll', bound: 'ceiling' },
  afterReceive: { field: 'afterReceive' },
  maxMailBytes: { field: 'maxMailBytes', bound: 'ceiling' },
  maxRecipients: { field: 'maxRecipients', bound: 'ceiling' },
  mailDeadlineHours: { field: 'deadlineMs', factor: 3_600_000 },
  recipientsPerDay: { field: 'recipientsPerDay', bound: 'ceiling' },
  whenUnknown: { field: 'whenUnknown' },
  keepSubject: { field: 'keepSubject' },
  messagesPerSession: { field: 'messagesPerSession' },
}

/** A flow's settings with what the levels say, the least specific first. Fields the flow does not have stay away. */
export function adjustSettings<S extends object>(deployment: S, levels: readonly SettingValues[]): S {
  const adjusted = { ...deployment } as Record<string, unknown>
  for (const values of levels)
    for (const [name, value] of Object.entries(values)) {
      const { field = '', factor = 1, bound } = Object.hasOwn(held, name) ? held[name]! : {}
      const base = (deployment as Record<string, unknown>)[field]
      if (base === undefined || typeof base !== typeof value) continue
      const wanted = typeof value === 'number' ? value * factor : value
      const over = typeof wanted === 'number' ? wanted - (base as number) : 0
      if ((bound === 'ceiling' && over > 0) || (bound === 'floor' && over < 0)) continue
      adjusted[field] = wanted
    }
  const { pollMinMs, pollMaxMs } = adjusted
  if (typeof pollMinMs === 'number' && typeof pollMaxMs === 'number' && pollMinMs > pollMaxMs)
    adjusted['pollMaxMs'] = pollMinMs
  return adjusted as S
}
