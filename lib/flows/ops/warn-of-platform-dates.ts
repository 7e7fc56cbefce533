/**
 * What a deployment stands on ends on a day known beforehand (`lib/model/platform-dates.ts`). Operators get a card six
 * months before, and at 90, 30 and 7 days and when it has ended, each stage logged once; a deployment that moved on
 * loses the card (M-172).
 */
import { GatewayError } from '../../errors.js'
import { daysLeft, nearDays, type PlatformDate, platformDates } from '../../model/platform-dates.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'

/** The last day still counts: only after it something has ended. */
const ended = -1
const stages = [ended, 7, 30, 90, nearDays]

/** `nodeVersion`: of the Node that runs the app, e.g. `24.11.1`. */
export async function warnOfPlatformDates(
  deps: Toolbox,
  nodeVersion: string,
  dates: readonly PlatformDate[] = platformDates,
): Promise<void> {
  const running = `node@${nodeVersion.split('.')[0]}`
  for (const date of dates.filter((one) => one.told === 'operators')) {
    const left = daysLeft(date, deps.clock.now())
    const stage = stages.find((days) => left !== undefined && left <= days)
    const isUsed = !date.id.startsWith('node@') || date.id === running
    if (!isUsed || stage === undefined || left === undefined) {
      await clearAttention(deps, { tenant: '~', kind: 'platform', id: date.id })
      continue
    }
    const error = endError(date, stage)
    if (await raiseAttention(deps, { tenant: '~', kind: 'platform', id: date.id, subject: date.what }, error))
      deps.log.warn('platform-date-near', { platformId: date.id, daysLeft: left, code: error.code })
  }
}

function endError({ what, ends, action }: PlatformDate, stage: number): GatewayError {
  return new GatewayError(stage === ended ? 'platform_ended' : `platform_ends_in_${stage}`, 'needs-admin', {
    hint: 'operator',
    description: stage === ended ? `${what} ended on ${ends}.` : `${what} ends on ${ends}.`,
    remedy: action,
  })
}
